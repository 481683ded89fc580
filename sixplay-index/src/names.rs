//! The names that an index takes: of indices and aliases, of fields, and of the two fields that
//! every index has.

use sixplay_core::{Error, Field, FieldKind, Mapping, Result};

/// The field with the beginning of a document's [`Visible`](sixplay_core::Visible), in Unix
/// microseconds.
///
/// [`Index::create`](crate::Index::create) maps it, every write sets it, and
/// [`Query::at`](crate::Query::at) reads it.
pub const VISIBLE_FROM: &str = "visible_from";

/// The field with the end of a document's [`Visible`](sixplay_core::Visible), in Unix microseconds;
/// a document whose end is not known lacks it.
///
/// As with [`VISIBLE_FROM`], the crate maps, writes and reads it.
pub const VISIBLE_UNTIL: &str = "visible_until";

const MAX_NAME_BYTES: usize = 200;

const NAME_RULE: &str = "a name takes lower case letters, digits, '.', '_' and '-', begins with a \
                         letter or digit, and is at most 200 bytes long";

/// The alias behind which the documents of `kind` are: the one place where it is made up.
pub(crate) fn alias_of(prefix: &str, kind: &str) -> String {
    format!("{prefix}-{kind}")
}

/// Whether every server takes it for the name of one index or alias.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let allowed = |byte: u8| plain(byte) || b"._-".contains(&byte);
    name.bytes().all(allowed)
        && name.len() <= MAX_NAME_BYTES
        && name.bytes().next().is_some_and(plain)
}

/// Refuses what servers would take for a pattern, a list or a name of their own.
pub(crate) fn require_name(name: &str) -> Result<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(Error::invalid("index.name", NAME_RULE).with("name", name))
}

/// Refuses a configured prefix that no name can begin with.
pub(crate) fn require_prefix(prefix: &str) -> Result<()> {
    if is_name(prefix) {
        return Ok(());
    }
    Err(Error::config("index.connect", NAME_RULE).with("prefix", prefix))
}

/// The mapping with the two fields of a document's visible time in front.
pub(crate) fn with_visible_fields(mapping: &Mapping) -> Mapping {
    let visible = [Field::long(VISIBLE_FROM), Field::long(VISIBLE_UNTIL)];
    let fields = visible.into_iter().chain(mapping.fields.iter().cloned());
    Mapping {
        fields: fields.collect(),
    }
}

/// Refuses a mapping that servers would refuse, or understand in different ways.
pub(crate) fn require_fields(mapping: &Mapping) -> Result<()> {
    require_distinct_fields(&mapping.fields)?;
    for field in &mapping.fields {
        let FieldKind::Nested(inner) = &field.kind else {
            continue;
        };
        require_distinct_fields(inner)?;
        if let Some(deep) = inner.iter().find(|field| is_nested(field)) {
            let message = "a nested field cannot be within a nested field";
            return Err(invalid_field(message, deep));
        }
    }
    Ok(())
}

/// Dots would make a field part of an object that the mapping does not have.
fn require_distinct_fields(fields: &[Field]) -> Result<()> {
    for (position, field) in fields.iter().enumerate() {
        if field.name.is_empty() || field.name.contains('.') {
            return Err(invalid_field("a field has a name, without dots", field));
        }
        let before = &fields[..position];
        if before.iter().any(|other| other.name == field.name) {
            return Err(invalid_field("a field is mapped twice", field));
        }
    }
    Ok(())
}

fn is_nested(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Nested(_))
}

/// The refusal of a mapping, naming the field.
fn invalid_field(message: &'static str, field: &Field) -> Error {
    Error::invalid("index.create", message).with("field", field.name)
}
