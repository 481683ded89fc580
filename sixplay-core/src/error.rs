//! The one error of the SDK: what kind, whether a retry may help, which operation, and what was at
//! hand.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

/// What every fallible function of the SDK returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, coarse enough to branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A configuration file, variable or flag is wrong; the process must not start.
    Config,
    /// The caller's input is wrong; the same call fails again.
    Invalid,
    /// The thing named does not exist.
    NotFound,
    /// The thing named existed and was withdrawn.
    Gone,
    /// Somebody else changed or owns the thing; read again, then decide.
    Conflict,
    /// The caller may not do this.
    Forbidden,
    /// The input is over a limit.
    TooLarge,
    /// The other side cannot be reached or refuses work for now.
    Unavailable,
    /// The deadline passed before the answer came.
    Timeout,
    /// Stored or received data breaks its own format.
    Corrupt,
    /// This build or this backend cannot do it.
    Unsupported,
    /// None of the above: a defect.
    Unexpected,
}

impl ErrorKind {
    /// The kind's name in lower snake case, as it appears in logs and error bodies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Invalid => "invalid",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::Forbidden => "forbidden",
            Self::TooLarge => "too_large",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Corrupt => "corrupt",
            Self::Unsupported => "unsupported",
            Self::Unexpected => "unexpected",
        }
    }
}

/// A failure with its kind, operation, context and cause.
///
/// `Display` prints `operation: message (key=value, …): cause: …` on one line; it never holds a
/// secret as long as no secret is passed to [`Error::with`]. A clone is whole: kind, context and
/// causes.
///
/// ```
/// use sixplay_core::{Error, ErrorKind};
///
/// let cause = Error::timeout("store.fetch", "no answer").with("ms", 500);
/// let error = Error::unavailable("detector.poll", "cannot read changes").with_source(cause);
/// assert_eq!(error.kind(), ErrorKind::Unavailable);
/// assert!(error.is_transient());
/// assert_eq!(
///     error.to_string(),
///     "detector.poll: cannot read changes: store.fetch: no answer (ms=500)"
/// );
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: &'static str,
    message: Cow<'static, str>,
    context: Vec<(&'static str, String)>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of `kind` met while doing `operation` (`"store.connect"`, `"config.load"`).
    pub fn new(
        kind: ErrorKind,
        operation: &'static str,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            operation,
            message: message.into(),
            context: Vec::new(),
            source: None,
        }))
    }

    /// Adds one fact that helps to find the place: a file, a key, an id.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((key, value.to_string()));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Unavailable | ErrorKind::Timeout)
    }

    /// The operation that failed.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The message alone, without operation, context and cause: fit for an answer to a client.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The facts added with [`Error::with`], in order.
    pub fn context(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0
            .context
            .iter()
            .map(|(key, value)| (*key, value.as_str()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.operation, self.0.message)?;
        for (position, (key, value)) in self.context().enumerate() {
            write!(
                f,
                "{}{key}={value}",
                if position == 0 { " (" } else { ", " }
            )?;
        }
        if !self.0.context.is_empty() {
            f.write_str(")")?;
        }
        let (mut cause, mut said) = (self.source(), String::new());
        while let Some(source) = cause {
            let text = source.to_string();
            // many errors end with the words of their own cause
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
                said = text;
            }
            // an `Error` prints its own causes
            cause = if source.is::<Error>() {
                None
            } else {
                source.source()
            };
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {self}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

/// Writes the short constructors, one for each kind.
macro_rules! constructors {
    ($($name:ident: $kind:ident),+) => {
        impl Error {$(
            #[doc = concat!("[`Error::new`] of kind [`ErrorKind::", stringify!($kind), "`].")]
            pub fn $name(operation: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
                Self::new(ErrorKind::$kind, operation, message)
            }
        )+}
    };
}

constructors! {
    config: Config,
    invalid: Invalid,
    not_found: NotFound,
    gone: Gone,
    conflict: Conflict,
    forbidden: Forbidden,
    too_large: TooLarge,
    unavailable: Unavailable,
    timeout: Timeout,
    corrupt: Corrupt,
    unsupported: Unsupported,
    unexpected: Unexpected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_names_operation_context_and_causes_once() {
        let inner = Error::timeout("store.fetch", "no answer").with("ms", 5);
        let error = Error::unavailable("detector.poll", "cannot read changes").with_source(inner);
        assert_eq!(
            error.to_string(),
            "detector.poll: cannot read changes: store.fetch: no answer (ms=5)"
        );
        assert!(error.is_transient());
    }

    #[test]
    fn a_cause_that_repeats_its_own_cause_is_told_once() {
        #[derive(Debug)]
        struct Outer(std::fmt::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the driver says: {}", self.0)
            }
        }
        impl StdError for Outer {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }
        let error = Error::timeout("a.b", "late").with_source(Outer(fmt::Error));
        assert_eq!(
            error.to_string().matches(&fmt::Error.to_string()).count(),
            1
        );
    }

    #[test]
    fn a_clone_keeps_context_and_causes_and_changes_alone() {
        let error = Error::conflict("a.b", "taken")
            .with("id", 1)
            .with_source(Error::gone("c.d", "away"));
        let clone = error.clone().with("more", 2);
        assert_eq!(error.to_string(), "a.b: taken (id=1): c.d: away");
        assert_eq!(clone.to_string(), "a.b: taken (id=1, more=2): c.d: away");
        assert!(clone.source().is_some_and(|source| source.is::<Error>()));
    }
}
