use std::path::Path;

use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(assay_server::openapi()).unwrap()
}

#[test]
fn the_published_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/assay.json");
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &made).unwrap();
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    let is_fresh = published == made;
    assert!(
        is_fresh,
        "openapi/assay.json is stale; UPDATE_GOLDEN=1 writes it"
    );
}

#[test]
fn every_operation_is_named_described_and_refuses_by_the_standard() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            names.push(name.to_owned());
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{place}");
            assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{place}");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let is_refusal = status.starts_with('4');
                let content = &response["content"]["application/problem+json"];
                assert!(!is_refusal || content.is_object(), "{place} {status}");
            }
        }
    }
    names.sort();
    let total = names.len();
    names.dedup();
    assert_eq!(names.len(), total, "two operations of one name");
}

/// Collects every reference of a value.
fn references(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value.as_str() {
                    Some(reference) if key == "$ref" => out.push(reference.to_owned()),
                    _ => references(value, out),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, out)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut all = Vec::new();
    references(&document, &mut all);
    assert!(!all.is_empty());
    for reference in all {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}
