//! Declared query parameters: what a route takes is written down once, checked before the handler
//! runs, and readable by documentation.

use std::{borrow::Cow, collections::BTreeSet};

use percent_encoding::percent_decode_str;
use sixplay_core::{Error, Result};

/// One query parameter of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The name in the query, as it is written there.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// What it may be.
    pub rule: Rule,
}

/// What a parameter may be. An empty value counts as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
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

impl Param {
    /// A number from `min` to `max`; absent when the query has none.
    pub fn int(name: &'static str, min: i64, max: i64, about: &'static str) -> Self {
        Self {
            name,
            about,
            rule: Rule::Int {
                min,
                max,
                default: None,
                clamp: false,
            },
        }
    }

    /// Words separated by commas.
    pub fn list(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            rule: Rule::List,
        }
    }

    /// Any text.
    pub fn text(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            rule: Rule::Text,
        }
    }

    /// One of `values`; another word is refused.
    pub fn choice(
        name: &'static str,
        values: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self {
            name,
            about,
            rule: Rule::Enum {
                values,
                lenient: false,
            },
        }
    }

    /// Sets what an absent number counts as; without effect on other rules.
    #[must_use]
    pub fn default(mut self, number: i64) -> Self {
        if let Rule::Int { default, .. } = &mut self.rule {
            *default = Some(number);
        }
        self
    }

    /// Takes what the rule would refuse: a number over the greatest counts as the greatest, an
    /// unknown word as absent.
    #[must_use]
    pub fn lenient(mut self) -> Self {
        match &mut self.rule {
            Rule::Int { clamp: lenient, .. } | Rule::Enum { lenient, .. } => *lenient = true,
            Rule::List | Rule::Text => {}
        }
        self
    }

    fn read(&self, value: Option<&str>) -> Result<Option<Parsed>, String> {
        let given = value.map(str::trim).filter(|value| !value.is_empty());
        Ok(match (&self.rule, given) {
            (Rule::Int { default, .. }, None) => default.map(Parsed::Int),
            (_, None) => None,
            (
                Rule::Int {
                    min, max, clamp, ..
                },
                Some(value),
            ) => Some(Parsed::Int(int(value, *min, *max, *clamp)?)),
            (Rule::List, Some(value)) => Some(Parsed::List(list(value))),
            (Rule::Text, Some(value)) => Some(Parsed::Text(value.to_owned())),
            (Rule::Enum { values, .. }, Some(value)) if values.contains(&value) => {
                Some(Parsed::Text(value.to_owned()))
            }
            (Rule::Enum { lenient: true, .. }, Some(_)) => None,
            (Rule::Enum { values, .. }, Some(_)) => {
                return Err(format!("must be one of {}", values.join(", ")));
            }
        })
    }
}

fn int(value: &str, min: i64, max: i64, clamp: bool) -> Result<i64, String> {
    let refused = || format!("must be a whole number from {min} to {max}");
    let number = match value.parse::<i64>() {
        Ok(number) => number,
        Err(_) if value.bytes().all(|byte| byte.is_ascii_digit()) => i64::MAX,
        Err(_) => return Err(refused()),
    };
    if number > max && clamp {
        return Ok(max);
    }
    if (min..=max).contains(&number) {
        Ok(number)
    } else {
        Err(refused())
    }
}

fn list(value: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    value
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty() && seen.insert(*word))
        .map(str::to_owned)
        .collect()
}

#[derive(Clone, Debug)]
enum Parsed {
    Int(i64),
    List(Vec<String>),
    Text(String),
}

/// The declared parameters of one request, checked.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(&'static str, Parsed)>);

impl Params {
    /// Reads `query` (without `?`) against the declaration: names that are not declared are
    /// ignored, of a repeated name the last counts, `+` is a space.
    ///
    /// # Errors
    /// `Invalid` for broken percent-encoding anywhere, and for values that a rule refuses: all of
    /// them, as pairs `parameter` and `problem`.
    pub fn read(declared: &[Param], query: &str) -> Result<Self> {
        let pairs = pairs(query)?;
        let (mut params, mut faults) = (Vec::new(), Vec::new());
        for param in declared {
            let value = pairs
                .iter()
                .rev()
                .find(|(name, _)| name == param.name)
                .map(|(_, value)| value.as_ref());
            match param.read(value) {
                Ok(parsed) => params.extend(parsed.map(|parsed| (param.name, parsed))),
                Err(problem) => faults.push((param.name, problem)),
            }
        }
        if faults.is_empty() {
            return Ok(Self(params));
        }
        let error = Error::invalid("params.read", "a query parameter is not valid");
        Err(faults.into_iter().fold(error, |error, (name, problem)| {
            error.with("parameter", name).with("problem", problem)
        }))
    }

    /// The number of that name, its default when absent.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.get(name) {
            Some(Parsed::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// The words of that name; none when absent.
    pub fn list(&self, name: &str) -> &[String] {
        match self.get(name) {
            Some(Parsed::List(words)) => words,
            _ => &[],
        }
    }

    /// The text or word of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Parsed::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<&Parsed> {
        self.0
            .iter()
            .find(|(declared, _)| *declared == name)
            .map(|(_, parsed)| parsed)
    }
}

fn pairs(query: &str) -> Result<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    let fields = query.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| field.split_once('=').unwrap_or((field, "")))
        .map(|(name, value)| Ok((form(name)?, form(value)?)))
        .collect()
}

fn form(text: &str) -> Result<Cow<'_, str>> {
    if text.contains('+') {
        Ok(Cow::Owned(decode(&text.replace('+', " "))?.into_owned()))
    } else {
        decode(text)
    }
}

/// Undoes percent-encoding.
///
/// # Errors
/// `Invalid` when a `%` is not followed by two hexadecimal digits, or the bytes are no UTF-8 or
/// hold a NUL, which no text of PostgreSQL may.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>> {
    let broken = || Error::invalid("params.decode", "the percent-encoding of the URL is broken");
    let whole =
        |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.split('%').skip(1).all(whole) {
        return Err(broken());
    }
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .map_err(|error| broken().with_source(error))?;
    if decoded.contains('\0') {
        Err(Error::invalid(
            "params.decode",
            "the URL holds a NUL character",
        ))
    } else {
        Ok(decoded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sixplay_core::ErrorKind;

    fn declared() -> Vec<Param> {
        vec![
            Param::int("limit", 1, 999, "Page size.")
                .default(20)
                .lenient(),
            Param::int("offset", 0, 9999, "Rows skipped.").default(0),
            Param::list("with", "Parts."),
            Param::text("csa", "Age rating."),
            Param::choice("sort", &["title", "-title"], "Order."),
        ]
    }

    fn read(query: &str) -> Result<Params> {
        Params::read(&declared(), query)
    }

    #[test]
    fn values_are_decoded_defaulted_and_clamped() {
        let params = read(
            "limit=5000&with=clips%2Cfreemiumpacks,+x,clips&csa=a+b&other=1&offset=3&offset=4",
        )
        .unwrap();
        assert_eq!(
            (params.int("limit"), params.int("offset")),
            (Some(999), Some(4))
        );
        assert_eq!(params.list("with"), ["clips", "freemiumpacks", "x"]);
        assert_eq!(params.text("csa"), Some("a b"));
        assert_eq!(read("limit=").unwrap().int("limit"), Some(20));
        assert_eq!(
            read("limit=99999999999999999999999").unwrap().int("limit"),
            Some(999)
        );
    }

    #[test]
    fn wrong_values_are_refused_all_at_once() {
        for query in [
            "limit=-1",
            "limit=0",
            "offset=1e9",
            "offset=99999999999999999999",
            "sort=name",
            "a=%zz",
            "a=%f",
            "a=%",
            "%ff=1",
            "a=%00",
        ] {
            assert_eq!(
                read(query).unwrap_err().kind(),
                ErrorKind::Invalid,
                "{query}"
            );
        }
        let error = read("limit=x&offset=-1").unwrap_err();
        let named: Vec<&str> = error
            .context()
            .filter(|(key, _)| *key == "parameter")
            .map(|(_, value)| value)
            .collect();
        assert_eq!(named, ["limit", "offset"]);
    }
}
