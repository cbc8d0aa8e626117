//! Lenient deserialization of foreign exports: a value that is absent, null or of the wrong type
//! loses its own field, never its neighbours.
//!
//! Exports are written by many programs, and edited by hand. Numbers may be text and text may be
//! numbers; lists may be null and contain null. Structures are declared with `wire!`, so that all
//! fields are equally lenient. Values that could not be used are collected in [`Oddities`] for the
//! report.

use serde_json::{Map, Value};

/// A type that can be read leniently.
pub(super) trait Lenient: Sized {
    /// Reads the value; None if it is unusable.
    fn read(value: Value, odd: &mut Oddities) -> Option<Self>;

    /// A typical value of this type.
    #[cfg(test)]
    fn sample() -> Value;
}

/// Collects values of unexpected types.
#[derive(Debug, Default)]
pub(super) struct Oddities {
    path: Vec<&'static str>,
    found: Vec<String>,
}

impl Oddities {
    /// Returns and clears the findings, such as `members: text instead of a list`.
    pub(super) fn take(&mut self) -> Vec<String> {
        std::mem::take(&mut self.found)
    }

    /// Reads one field of an object.
    pub(super) fn field<T: Lenient + Default>(
        &mut self,
        fields: &mut Map<String, Value>,
        name: &'static str,
    ) -> T {
        let Some(value) = fields.remove(name).filter(|value| !value.is_null()) else {
            return T::default();
        };
        self.path.push(name);
        let read = T::read(value, self);
        self.path.pop();
        read.unwrap_or_default()
    }

    /// Records an unusable value, unless it is empty.
    pub(super) fn refuse<T>(&mut self, value: &Value, wanted: &str) -> Option<T> {
        let (empty, what) = match value {
            Value::Null => (true, "null"),
            Value::Bool(yes) => (!yes, "true or false"),
            Value::Number(_) => (false, "a number"),
            Value::String(text) => (text.trim().is_empty(), "text"),
            Value::Array(items) => (items.is_empty(), "a list"),
            Value::Object(fields) => (fields.is_empty(), "an object"),
        };
        if !empty {
            let path = self.path.join(".");
            let separator = if path.is_empty() { "" } else { ": " };
            self.found.push(format!("{path}{separator}{what} instead of {wanted}"));
        }
        None
    }
}

impl Lenient for String {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            other => odd.refuse(&other, "text"),
        }
    }

    #[cfg(test)]
    fn sample() -> Value {
        "some text".into()
    }
}

impl Lenient for f64 {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        let read = match &value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        read.filter(|number: &Self| number.is_finite()).or_else(|| odd.refuse(&value, "a number"))
    }

    #[cfg(test)]
    fn sample() -> Value {
        7.5.into()
    }
}

impl Lenient for i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction is cut off, and what is too large becomes the largest"
    )]
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        let whole = match &value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        whole.or_else(|| f64::read(value, odd).map(|number| number as Self))
    }

    #[cfg(test)]
    fn sample() -> Value {
        7.into()
    }
}

impl Lenient for bool {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        match &value {
            Value::Bool(yes) => Some(*yes),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" => Some(false),
                _ => odd.refuse(&value, "true or false"),
            },
            _ => odd.refuse(&value, "true or false"),
        }
    }

    #[cfg(test)]
    fn sample() -> Value {
        true.into()
    }
}

/// Accepts any value: for parts with several forms.
impl Lenient for Value {
    fn read(value: Value, _: &mut Oddities) -> Option<Self> {
        Some(value)
    }

    #[cfg(test)]
    fn sample() -> Value {
        "anything".into()
    }
}

impl<T: Lenient> Lenient for Option<T> {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        Some(T::read(value, odd))
    }

    #[cfg(test)]
    fn sample() -> Value {
        T::sample()
    }
}

impl<T: Lenient> Lenient for Vec<T> {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        match value {
            Value::Array(items) => {
                Some(items.into_iter().filter_map(|item| T::read(item, odd)).collect())
            }
            other => odd.refuse(&other, "a list"),
        }
    }

    #[cfg(test)]
    fn sample() -> Value {
        vec![T::sample()].into()
    }
}

/// For recursive structures.
impl<T: Lenient> Lenient for Box<T> {
    fn read(value: Value, odd: &mut Oddities) -> Option<Self> {
        T::read(value, odd).map(Self::new)
    }

    #[cfg(test)]
    fn sample() -> Value {
        Map::new().into()
    }
}

/// Declares structures of JSON objects; `name: Type = "key"` sets a key that differs from the name.
macro_rules! wire {
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
    ($($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty $(= $key:literal)?,)* })*) => {
        $(
            $(#[$about])*
            #[derive(Debug, Default)]
            pub(in crate::admin::transfer) struct $name { $($(#[$of])* pub(in crate::admin::transfer) $field: $type,)* }

            impl $crate::admin::transfer::lenient::Lenient for $name {
                fn read(value: serde_json::Value, odd: &mut $crate::admin::transfer::lenient::Oddities) -> Option<Self> {
                    match value {
                        serde_json::Value::Object(mut fields) => {
                            Some(Self { $($field: odd.field(&mut fields, wire!(@key $field $($key)?)),)* })
                        }
                        other => odd.refuse(&other, "an object"),
                    }
                }

                #[cfg(test)]
                fn sample() -> serde_json::Value {
                    $crate::admin::transfer::lenient::tests::object(
                        &[$((wire!(@key $field $($key)?), <$type as $crate::admin::transfer::lenient::Lenient>::sample)),*],
                    )
                }
            }

            #[cfg(test)]
            impl $name {
                fn shown(&self) -> Vec<(&'static str, String)> {
                    vec![$((wire!(@key $field $($key)?), format!("{:?}", self.$field))),*]
                }
            }
        )*

        #[cfg(test)]
        #[test]
        fn no_value_costs_its_neighbours() {
            $($crate::admin::transfer::lenient::tests::neighbours_stay($name::shown);)*
        }
    };
}
pub(super) use wire;

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// Formats the fields of a structure.
    type Shown<T> = fn(&T) -> Vec<(&'static str, String)>;
    /// Returns a sample value of a type.
    type Sample = fn() -> Value;

    /// An object with these fields.
    pub(in crate::admin::transfer) fn object(fields: &[(&str, Sample)]) -> Value {
        fields
            .iter()
            .map(|(name, sample)| ((*name).to_owned(), sample()))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Fails if a value of one field affects another field.
    pub(in crate::admin::transfer) fn neighbours_stay<T: Lenient>(shown: Shown<T>) {
        let whole = T::sample();
        let wanted = shown(&T::read(whole.clone(), &mut Oddities::default()).unwrap());
        for (name, _) in &wanted {
            for value in [
                json!(null),
                json!(true),
                json!(7),
                json!(-1.5),
                json!("7"),
                json!("words"),
                json!([null, 7, "x", {}, []]),
                json!({"value": [1]}),
            ] {
                let mut changed = whole.clone();
                changed[*name] = value.clone();
                let read = shown(&T::read(changed, &mut Oddities::default()).unwrap());
                for ((other, before), (_, after)) in
                    wanted.iter().zip(&read).filter(|((other, _), _)| other != name)
                {
                    assert_eq!(before, after, "{name} = {value} changes {other}");
                }
            }
        }
    }

    wire! {
        Inner {
            text: String,
        }
        Outer {
            kind: Option<String> = "type",
            count: i64,
            share: f64,
            yes: bool,
            inner: Inner,
            many: Vec<Inner>,
            names: Vec<String>,
            rest: Value,
        }
    }

    #[test]
    fn numbers_may_be_text_and_text_numbers() {
        let mut odd = Oddities::default();
        let outer = Outer::read(
            json!({"type": 7, "count": "12", "share": "1.5", "yes": "true", "names": ["a", null, 5, {}, ["x"]], "many": [null, "x", {"text": 1}], "inner": 7}),
            &mut odd,
        );
        let outer = outer.unwrap();
        assert_eq!(
            (outer.kind.as_deref(), outer.count, outer.share, outer.yes),
            (Some("7"), 12, 1.5, true)
        );
        assert_eq!(
            (outer.names, outer.many[0].text.as_str(), outer.many.len()),
            (vec!["a".to_owned(), "5".to_owned()], "1", 1)
        );
        assert_eq!(
            odd.take(),
            [
                "inner: a number instead of an object",
                "many: text instead of an object",
                "names: a list instead of text"
            ]
        );
        let outer = Outer::read(json!({"type": null, "count": null, "yes": 0, "many": null, "names": false, "inner": [], "rest": null}), &mut odd).unwrap();
        assert_eq!((outer.kind, outer.count, outer.yes, outer.many.len()), (None, 0, false, 0));
        assert!(odd.take().is_empty(), "empty values count as absent");
        assert!(Outer::read(json!("text"), &mut odd).is_none());
        assert_eq!(odd.take(), ["text instead of an object"]);
    }
}
