//! Declared query parameters: what a route takes is written down once, checked before the handler
//! runs, and readable by documentation.

mod decode;
mod param;

use std::collections::BTreeSet;

use sixplay_core::{Error, Result};

pub(crate) use decode::decode_percent;
pub use param::{Param, ParamRule};

use decode::{QueryPair, decode_pairs};
use param::ParamValue;

/// How many wrong parameters one error names at most.
const MAX_FAULTS: usize = 20;

/// A parameter's name, and what is wrong with it.
type ParamFault = (String, String);

/// The declared parameters of one request, checked and converted.
///
/// Handlers get them with [`crate::Request::params`]; elsewhere they are read from any query. A
/// name that the declaration does not have, or has with another rule, reads as absent.
///
/// ```
/// use sixplay_core::ErrorKind;
/// use sixplay_http::{Param, Params};
///
/// # fn main() -> sixplay_core::Result<()> {
/// let declared = [
///     Param::int("limit", 1, 100, "Books to return.").default(20),
///     Param::list("with", "Optional parts of a book."),
/// ];
/// let params = Params::read(&declared, "with=authors,tags,authors&utm_source=mail")?;
/// assert_eq!(params.int("limit"), Some(20));
/// assert_eq!(params.list("with"), ["authors", "tags"]);
///
/// let error = Params::read(&declared, "limit=none").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert!(error.to_string().contains("parameter=limit"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(&'static str, ParamValue)>);

impl Params {
    /// Reads `query` (without `?`) against the declaration: names that are not declared are
    /// ignored, of a repeated name the last counts, `+` is a space.
    ///
    /// # Errors
    /// `Invalid` for broken percent-encoding or a NUL anywhere, and for values that a rule refuses:
    /// all of them, as pairs `parameter` and `problem`.
    pub fn read(declared: &[Param], query: &str) -> Result<Self> {
        Self::read_pairs(declared, &decode_pairs(query)?, Vec::new())
    }

    /// As [`Params::read`]; a name that is not declared is refused, too.
    ///
    /// # Errors
    /// As [`Params::read`].
    pub fn read_strict(declared: &[Param], query: &str) -> Result<Self> {
        let pairs = decode_pairs(query)?;
        let faults = find_unknown(declared, &pairs);
        Self::read_pairs(declared, &pairs, faults)
    }

    fn read_pairs(
        declared: &[Param],
        pairs: &[QueryPair<'_>],
        mut faults: Vec<ParamFault>,
    ) -> Result<Self> {
        let mut values = Vec::new();
        for param in declared {
            match param.parse_value(find_last(pairs, param.name)) {
                Ok(Some(value)) => values.push((param.name, value)),
                Ok(None) => {}
                Err(problem) => faults.push((param.name.to_owned(), problem)),
            }
        }
        if faults.is_empty() {
            Ok(Self(values))
        } else {
            Err(refuse_values(faults))
        }
    }

    /// The number of that name; its default, if it has one, when absent.
    pub fn int(&self, name: &str) -> Option<i64> {
        match self.find_value(name)? {
            ParamValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The words of that name, in the order of the query; none when absent.
    pub fn list(&self, name: &str) -> &[String] {
        match self.find_value(name) {
            Some(ParamValue::Words(words)) => words,
            _ => &[],
        }
    }

    /// The text, or the word of a choice, of that name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.find_value(name)? {
            ParamValue::Text(text) => Some(text),
            _ => None,
        }
    }

    fn find_value(&self, name: &str) -> Option<&ParamValue> {
        let mut values = self.0.iter();
        let (_, value) = values.find(|value| value.0 == name)?;
        Some(value)
    }
}

fn find_last<'q>(pairs: &'q [QueryPair<'_>], name: &str) -> Option<&'q str> {
    let mut pairs = pairs.iter().rev();
    let (_, value) = pairs.find(|pair| pair.0 == name)?;
    Some(value)
}

/// The names of the query that are not declared, each once.
fn find_unknown(declared: &[Param], pairs: &[QueryPair<'_>]) -> Vec<ParamFault> {
    let is_unknown = |name: &&str| declared.iter().all(|param| param.name != *name);
    let names = pairs.iter().map(|(name, _)| name.as_ref());
    let unknown: BTreeSet<&str> = names.filter(is_unknown).collect();
    let fault = |name: &str| (name.to_owned(), "there is no such parameter".to_owned());
    unknown.into_iter().map(fault).collect()
}

fn refuse_values(faults: Vec<ParamFault>) -> Error {
    let mut error = Error::invalid("params.read", "a query parameter is not valid");
    for (name, problem) in faults.into_iter().take(MAX_FAULTS) {
        error = error.with("parameter", name).with("problem", problem);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use sixplay_core::ErrorKind;

    fn declared_params() -> Vec<Param> {
        vec![
            Param::int("limit", 1, 999, "Page size.")
                .default(20)
                .lenient(),
            Param::int("offset", 0, 9999, "Rows skipped.").default(0),
            Param::list("with", "Parts."),
            Param::text("grade", "The reader's grade."),
            Param::choice("sort", &["title", "-title"], "Order."),
        ]
    }

    fn read(query: &str) -> Result<Params> {
        Params::read(&declared_params(), query)
    }

    #[test]
    fn values_are_decoded_defaulted_and_clamped() {
        let params = read(
            "limit=5000&with=authors%2Cfreetags,+x,authors&grade=a+b&other=1&offset=3&offset=4",
        )
        .unwrap();
        assert_eq!(params.int("limit"), Some(999));
        assert_eq!(params.int("offset"), Some(4));
        assert_eq!(params.list("with"), ["authors", "freetags", "x"]);
        assert_eq!(params.text("grade"), Some("a b"));
        assert_eq!(read("limit=").unwrap().int("limit"), Some(20));
        let huge = read("limit=99999999999999999999999").unwrap();
        assert_eq!(huge.int("limit"), Some(999));
    }

    #[test]
    fn wrong_values_are_refused_all_at_once() {
        for query in [
            "limit=-1",
            "limit=0",
            "offset=1e9",
            "offset=%2B5",
            "offset=05",
            "offset=00",
            "offset=-",
            "offset=-99999999999999999999",
            "offset=99999999999999999999",
            "sort=name",
            "a=%zz",
            "a=%f",
            "a=%",
            "%ff=1",
            "a=%00",
        ] {
            let kind = read(query).unwrap_err().kind();
            assert_eq!(kind, ErrorKind::Invalid, "{query}");
        }
        let error = read("limit=x&offset=-1").unwrap_err();
        assert_eq!(names_of(&error), ["limit", "offset"]);
    }

    fn names_of(error: &Error) -> Vec<&str> {
        let named = error.context().filter(|(key, _)| *key == "parameter");
        named.map(|(_, value)| value).collect()
    }

    #[test]
    fn strict_reading_refuses_what_is_not_declared_with_all_that_is_wrong() {
        let read = |query: &str| Params::read_strict(&declared_params(), query);
        assert_eq!(read("limit=3&offset=").unwrap().int("limit"), Some(3));
        for (query, named) in [
            ("limt=5", &["limt"][..]),
            ("Limit=5", &["Limit"]),
            ("order[title]=asc", &["order[title]"]),
            ("fields=id&limit=x&fields=code", &["fields", "limit"]),
            ("=1", &[""]),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{query}");
            assert_eq!(names_of(&error), named, "{query}");
        }
        let many: String = (0..5000).map(|number| format!("p{number}=&")).collect();
        assert_eq!(names_of(&read(&many).unwrap_err()).len(), MAX_FAULTS);
    }
}
