//! JSON for golden files: what fits on a line is on one line.

use serde_json::Value;

const WIDTH: usize = 100;

/// Returns the value with objects and arrays on one line where they fit.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = String::new();
    push(&mut out, value, 0, 0);
    out.push('\n');
    out
}

fn push(out: &mut String, value: &Value, depth: usize, taken: usize) {
    let flat = value.to_string();
    if flat.len() + depth + taken <= WIDTH {
        out.push_str(&flat);
        return;
    }
    let indent = "  ".repeat(depth + 1);
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "[\n" } else { ",\n" });
                out.push_str(&indent);
                push(out, item, depth + 1, 0);
            }
            out.push_str(&format!("\n{}]", "  ".repeat(depth)));
        }
        Value::Object(members) => {
            for (index, (name, item)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "{\n" } else { ",\n" });
                out.push_str(&format!("{indent}\"{name}\": "));
                push(out, item, depth + 1, name.len() + 4);
            }
            out.push_str(&format!("\n{}}}", "  ".repeat(depth)));
        }
        _ => out.push_str(&flat),
    }
}
