//! How deep JSON of strangers may nest. The parser stops at 128 levels; what we read needs a
//! handful, and whoever walks the rest walks it for nothing.

use serde_json::Value;

/// Most levels of arrays and objects in one another. A JWK set in metadata, the deepest that the
/// specifications know, has five.
pub const MAX_DEPTH: usize = 16;

/// Whether a value has more than [`MAX_DEPTH`] levels.
pub fn too_deep(value: &Value) -> bool {
    deeper(value, MAX_DEPTH)
}

/// Whether a value has more levels than these. Never looks further than one level beyond what is
/// allowed.
pub fn deeper(value: &Value, left: usize) -> bool {
    match value {
        Value::Array(values) => left == 0 || values.iter().any(|inner| deeper(inner, left - 1)),
        Value::Object(members) => {
            left == 0 || members.values().any(|inner| deeper(inner, left - 1))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn levels_are_counted_to_the_last_that_is_allowed() {
        for object in [true, false] {
            let mut value = json!("leaf");
            for level in 1..=MAX_DEPTH + 1 {
                value = if object {
                    json!({ "in": value })
                } else {
                    json!([1, value, "x"])
                };
                assert_eq!(too_deep(&value), level > MAX_DEPTH, "{level}");
            }
        }
        let wide = json!(vec![json!([[]]); 10_000]);
        assert!(!too_deep(&wide));
    }
}
