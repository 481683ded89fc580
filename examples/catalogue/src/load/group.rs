//! Rows by the keys of what they belong to.

use std::{collections::HashMap, sync::Arc};

use sixplay_core::{Result, Row};

/// Rows by the text of their owner's key.
pub(super) type Grouped<T> = HashMap<String, Vec<T>>;

/// Rows as `read` makes them, grouped by the key in `owner`.
pub(super) fn group_rows<T>(
    rows: &[Row],
    owner: &str,
    mut read: impl FnMut(&Row) -> Result<T>,
) -> Result<Grouped<T>> {
    let mut groups: Grouped<T> = HashMap::new();
    for row in rows {
        groups.entry(row.key(owner)?).or_default().push(read(row)?);
    }
    Ok(groups)
}

/// Rows as `read` makes them, by the key in `key`.
pub(super) fn index_rows<T>(
    rows: &[Row],
    key: &str,
    mut read: impl FnMut(&Row) -> Result<T>,
) -> Result<HashMap<String, T>> {
    let entries = rows.iter().map(|row| Ok((row.key(key)?, read(row)?)));
    entries.collect()
}

/// Takes an owner's rows, none when there are none.
pub(super) fn take_rows<T>(groups: &mut Grouped<T>, owner: &str) -> Vec<T> {
    groups.remove(owner).unwrap_or_default()
}

/// Gives each of `owners` its list of `lists`.
pub(super) fn attach_lists<T, U>(
    owners: &mut HashMap<String, T>,
    mut lists: Grouped<U>,
    list_of: impl Fn(&mut T) -> &mut Vec<U>,
) {
    for (key, owner) in owners {
        *list_of(owner) = take_rows(&mut lists, key);
    }
}

/// Lets several documents refer to one value.
pub(super) fn share_values<T>(values: HashMap<String, T>) -> HashMap<String, Arc<T>> {
    let shared = values
        .into_iter()
        .map(|(key, value)| (key, Arc::new(value)));
    shared.collect()
}

/// The value behind an optional reference by number.
pub(super) fn find_by_int<T: Clone>(
    found: &HashMap<String, T>,
    row: &Row,
    column: &str,
) -> Result<Option<T>> {
    let key = row.opt_int(column)?;
    Ok(key.and_then(|key| found.get(&key.to_string()).cloned()))
}

/// The value behind an optional reference by code.
pub(super) fn find_by_code<T: Clone>(
    found: &HashMap<String, T>,
    row: &Row,
    column: &str,
) -> Result<Option<T>> {
    let key = row.opt_text(column)?;
    Ok(key.and_then(|key| found.get(&key).cloned()))
}

/// The integers of a column, without those that are null.
pub(super) fn int_values(rows: &[Row], column: &str) -> Result<Vec<i64>> {
    let values = rows.iter().map(|row| row.opt_int(column));
    values.filter_map(Result::transpose).collect()
}

/// The texts of a column, without those that are null.
pub(super) fn text_values(rows: &[Row], column: &str) -> Result<Vec<String>> {
    let values = rows.iter().map(|row| row.opt_text(column));
    values.filter_map(Result::transpose).collect()
}

/// The rows whose switch is on.
pub(super) fn enabled_rows(mut rows: Vec<Row>) -> Vec<Row> {
    rows.retain(|row| row.flag("enabled").unwrap_or_default());
    rows
}

/// Orders rows by their column `position`.
pub(super) fn sort_by_position(rows: &mut [Row]) {
    rows.sort_by_key(|row| row.int("position").unwrap_or_default());
}
