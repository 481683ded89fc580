//! One declared parameter, and what a query may say for it.

use std::collections::BTreeSet;

/// One query parameter of a route: name, meaning and rule.
///
/// A value is trimmed; an empty one counts as absent. What the rule refuses is answered with 400
/// before the handler runs.
///
/// ```
/// use sixplay_http::{Param, Params};
///
/// # fn main() -> sixplay_core::Result<()> {
/// let declared = [
///     Param::int("limit", 1, 100, "Books to return.").default(20).lenient(),
///     Param::text("title", "Only titles that begin with it."),
///     Param::choice("sort", &["title", "year"], "The order."),
/// ];
/// let params = Params::read(&declared, "limit=5000&title=+war%20and&sort=year")?;
/// assert_eq!(params.int("limit"), Some(100));
/// assert_eq!(params.text("title"), Some("war and"));
/// assert_eq!(params.text("sort"), Some("year"));
///
/// assert!(Params::read(&declared, "limit=0").is_err());
/// assert!(Params::read(&declared, "sort=colour").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Param {
    /// The name in the query, as it is written there.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// What it may be.
    pub rule: ParamRule,
}

/// What a parameter may be. An empty value counts as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParamRule {
    /// A whole number.
    Int {
        /// The least; below it the request is refused.
        min: i64,
        /// The greatest.
        max: i64,
        /// What an absent parameter counts as.
        default: Option<i64>,
        /// Whether a greater number counts as `max` instead of being refused.
        clamp: bool,
    },
    /// Words separated by commas, any of them; one that comes again counts once.
    List,
    /// Any text.
    Text,
    /// One of a set of words.
    Enum {
        /// The words.
        values: &'static [&'static str],
        /// Whether another word counts as absent instead of being refused.
        lenient: bool,
    },
}

/// What a query says for one parameter.
#[derive(Clone, Debug)]
pub(super) enum ParamValue {
    Number(i64),
    Words(Vec<String>),
    Text(String),
}

impl Param {
    /// A number from `min` to `max`, both included; read with [`crate::Params::int`].
    pub fn int(name: &'static str, min: i64, max: i64, about: &'static str) -> Self {
        let rule = ParamRule::Int {
            min,
            max,
            default: None,
            clamp: false,
        };
        Self { name, about, rule }
    }

    /// Words separated by commas; read with [`crate::Params::list`].
    pub fn list(name: &'static str, about: &'static str) -> Self {
        let rule = ParamRule::List;
        Self { name, about, rule }
    }

    /// Any text; read with [`crate::Params::text`].
    pub fn text(name: &'static str, about: &'static str) -> Self {
        let rule = ParamRule::Text;
        Self { name, about, rule }
    }

    /// One of `values`, exactly as written there; another word is refused. Read with
    /// [`crate::Params::text`].
    pub fn choice(
        name: &'static str,
        values: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        let lenient = false;
        let rule = ParamRule::Enum { values, lenient };
        Self { name, about, rule }
    }

    /// Sets what an absent number counts as, within the bounds or not; without effect on other
    /// rules.
    #[must_use]
    pub fn default(mut self, number: i64) -> Self {
        if let ParamRule::Int { default, .. } = &mut self.rule {
            *default = Some(number);
        }
        self
    }

    /// Takes what the rule would refuse: a number over the greatest counts as the greatest, an
    /// unknown word as absent. Numbers below the least and what is no number stay refused; without
    /// effect on lists and texts.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        match &mut self.rule {
            ParamRule::Int { clamp: lenient, .. } | ParamRule::Enum { lenient, .. } => {
                *lenient = true;
            }
            ParamRule::List | ParamRule::Text => {}
        }
        self
    }

    /// The value of the parameter in a query that gives it as `given`; the error says what it must
    /// be.
    pub(super) fn parse_value(&self, given: Option<&str>) -> Result<Option<ParamValue>, String> {
        let given = given.map(str::trim).filter(|text| !text.is_empty());
        let Some(text) = given else {
            return Ok(self.default_value());
        };
        match &self.rule {
            ParamRule::Int {
                min, max, clamp, ..
            } => parse_number(text, *min, *max, *clamp).map(Some),
            ParamRule::List => Ok(Some(split_words(text))),
            ParamRule::Text => Ok(Some(ParamValue::Text(text.to_owned()))),
            ParamRule::Enum { values, lenient } => choose_word(text, values, *lenient),
        }
    }

    fn default_value(&self) -> Option<ParamValue> {
        match self.rule {
            ParamRule::Int { default, .. } => default.map(ParamValue::Number),
            _ => None,
        }
    }
}

fn parse_number(text: &str, min: i64, max: i64, clamp: bool) -> Result<ParamValue, String> {
    let refused = || format!("must be a whole number from {min} to {max}");
    if !is_plain_number(text) {
        return Err(refused());
    }
    let number = match text.parse::<i64>() {
        Ok(number) => number,
        Err(_) if text.starts_with('-') => i64::MIN,
        Err(_) => i64::MAX,
    };
    if number > max && clamp {
        return Ok(ParamValue::Number(max));
    }
    let bounded = (min..=max).contains(&number);
    bounded
        .then_some(ParamValue::Number(number))
        .ok_or_else(refused)
}

/// Digits as a number is written: no sign but a minus, no zero before them.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (digits == "0" || !digits.starts_with('0'))
}

fn split_words(text: &str) -> ParamValue {
    let mut seen = BTreeSet::new();
    let words = text.split(',').map(str::trim);
    let words = words.filter(|word| !word.is_empty() && seen.insert(*word));
    ParamValue::Words(words.map(str::to_owned).collect())
}

fn choose_word(text: &str, words: &[&str], lenient: bool) -> Result<Option<ParamValue>, String> {
    if words.contains(&text) {
        Ok(Some(ParamValue::Text(text.to_owned())))
    } else if lenient {
        Ok(None)
    } else {
        Err(format!("must be one of {}", words.join(", ")))
    }
}
