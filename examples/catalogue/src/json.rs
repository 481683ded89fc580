//! JSON written as text: objects member by member, arrays, strings, numbers.

/// A JSON object under construction; keys are trusted, values are JSON.
#[derive(Clone, Debug)]
pub(crate) struct JsonObject(String);

impl JsonObject {
    /// An object without members.
    pub(crate) fn new() -> Self {
        Self(String::from("{"))
    }

    /// An object that begins with written members.
    pub(crate) fn of(members: &str) -> Self {
        Self(format!("{{{members}"))
    }

    /// Adds a member whose value is JSON already.
    pub(crate) fn raw(mut self, key: &str, json: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&json_string(key));
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// Adds a member unless there is no value.
    pub(crate) fn raw_if_some<T: AsRef<str>>(self, key: &str, json: Option<T>) -> Self {
        match json {
            Some(json) => self.raw(key, json.as_ref()),
            None => self,
        }
    }

    /// Adds a member, null when there is no value.
    pub(crate) fn raw_or_null<T: AsRef<str>>(self, key: &str, json: Option<T>) -> Self {
        match json {
            Some(json) => self.raw(key, json.as_ref()),
            None => self.raw(key, "null"),
        }
    }

    /// Adds a string.
    pub(crate) fn text(self, key: &str, text: &str) -> Self {
        self.raw(key, &json_string(text))
    }

    /// Adds a string unless there is none.
    pub(crate) fn text_if_some(self, key: &str, text: Option<&str>) -> Self {
        self.raw_if_some(key, text.map(json_string))
    }

    /// Adds an integer.
    pub(crate) fn int(self, key: &str, value: i64) -> Self {
        self.raw(key, &value.to_string())
    }

    /// Adds an integer unless there is none.
    pub(crate) fn int_if_some(self, key: &str, value: Option<i64>) -> Self {
        self.raw_if_some(key, value.map(|value| value.to_string()))
    }

    /// Adds an integer, null when there is none.
    pub(crate) fn int_or_null(self, key: &str, value: Option<i64>) -> Self {
        self.raw_or_null(key, value.map(|value| value.to_string()))
    }

    /// Adds an array of items that are JSON already.
    pub(crate) fn list<T: AsRef<str>>(self, key: &str, items: impl IntoIterator<Item = T>) -> Self {
        self.raw(key, &json_array(items))
    }

    /// Adds an array of strings.
    pub(crate) fn texts<T: AsRef<str>>(
        self,
        key: &str,
        items: impl IntoIterator<Item = T>,
    ) -> Self {
        self.list(
            key,
            items.into_iter().map(|item| json_string(item.as_ref())),
        )
    }

    /// The whole object.
    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// The members alone, without braces.
    pub(crate) fn members(mut self) -> String {
        self.0.split_off(1)
    }
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for JsonObject {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let members = members.into_iter();
        members.fold(Self::new(), |object, (key, json)| {
            object.raw(key.as_ref(), json.as_ref())
        })
    }
}

/// An array of written items.
pub(crate) fn json_array<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let mut text = String::from("[");
    for item in items {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(item.as_ref());
    }
    text.push(']');
    text
}

/// A string with quotes and escapes.
pub(crate) fn json_string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_else(|_| String::from("\"\""))
}

/// A number in its shortest form, a whole one without a fraction, zero without a sign; `None` when
/// it is not finite.
pub(crate) fn json_number(value: f64) -> Option<String> {
    // not every database keeps the sign of a zero, which this addition drops
    let shortest = serde_json::Number::from_f64(value + 0.0)?.to_string();
    Some(shortest.strip_suffix(".0").unwrap_or(&shortest).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_follow_each_other_with_and_without_braces() {
        let object = JsonObject::of(r#""id":1"#)
            .text("title", "l'\"été\"")
            .raw_if_some("missing", None::<&str>)
            .raw_or_null("unknown", None::<&str>)
            .int_if_some("absent", None)
            .texts("tags", ["a", "b"])
            .list("images", [] as [&str; 0]);
        let members = r#""id":1,"title":"l'\"été\"","unknown":null,"tags":["a","b"],"images":[]"#;
        assert_eq!(object.clone().members(), members);
        assert_eq!(object.end(), format!("{{{members}}}"));
        assert_eq!(JsonObject::new().end(), "{}");
        let counts: JsonObject = [("vi", "1"), ("vc", "0")].into_iter().collect();
        assert_eq!(counts.end(), r#"{"vi":1,"vc":0}"#);
    }

    #[test]
    fn numbers_are_short_and_whole_ones_have_no_fraction() {
        let numbers = [0.0, -0.0, 1660.0, 179.36, -0.5].map(json_number);
        let numbers = numbers.each_ref().map(Option::as_deref);
        assert_eq!(numbers, ["0", "0", "1660", "179.36", "-0.5"].map(Some));
        let large = json_number(1e300).and_then(|number| number.parse().ok());
        assert_eq!(large, Some(1e300));
        assert_eq!(json_number(f64::NAN), None);
    }
}
