//! Each format against its golden file.

use assay_finding::Report;
use assay_finding::render::{
    Format, RenderOptions, Verbosity, json_schema, remarks_schema, render,
};

use crate::compact::compact;
use crate::golden::check_golden;
use crate::sample::{clean_report, sample_report, small_report};

pub(crate) fn rendered(report: &Report, format: Format, options: &RenderOptions) -> String {
    let mut out = Vec::new();
    render(report, format, options, &mut out).expect("a vector takes every byte");
    String::from_utf8(out).expect("every format is UTF-8")
}

/// Returns JSON in a form that is short enough to be read.
fn compacted(text: &str) -> String {
    compact(&serde_json::from_str(text).expect("valid JSON"))
}

#[test]
fn terminal_is_golden() {
    let plain = RenderOptions::default();
    let verbose = RenderOptions {
        verbosity: Verbosity::Verbose,
        show_existing: true,
        ..plain.clone()
    };
    let ascii = RenderOptions {
        unicode: false,
        width: 60,
        findings_max: 2,
        ..plain.clone()
    };
    let quiet = RenderOptions {
        verbosity: Verbosity::Quiet,
        ..plain.clone()
    };
    for (name, report, options) in [
        ("normal", sample_report(), &plain),
        ("verbose", sample_report(), &verbose),
        ("narrow-ascii", sample_report(), &ascii),
        ("quiet", sample_report(), &quiet),
        ("clean", clean_report(), &plain),
        ("clean-quiet", clean_report(), &quiet),
    ] {
        let text = rendered(&report, Format::Terminal, options);
        check_golden(&format!("tests/golden/terminal/{name}.txt"), &text);
    }
}

#[test]
fn json_is_golden_and_valid() {
    let text = rendered(&sample_report(), Format::Json, &RenderOptions::default());
    let value: serde_json::Value = serde_json::from_str(&text).expect("valid JSON");
    jsonschema::validate(&json_schema(), &value).expect("valid by its own schema");
    let text = rendered(&small_report(), Format::Json, &RenderOptions::default());
    check_golden("tests/golden/report.json", &compacted(&text));
}

#[test]
fn published_schemas_are_current() {
    let schema = serde_json::to_string_pretty(&json_schema()).expect("a schema is JSON") + "\n";
    check_golden("../../schemas/report.v1.json", &schema);
    let schema = serde_json::to_string_pretty(&remarks_schema()).expect("a schema is JSON") + "\n";
    check_golden("../../schemas/remarks.v1.json", &schema);
}

#[test]
fn machine_formats_are_golden() {
    let all = RenderOptions {
        show_existing: true,
        ..RenderOptions::default()
    };
    for (format, name) in [
        (Format::Sarif, "report.sarif"),
        (Format::Markdown, "comment.md"),
        (Format::GithubAnnotations, "github-annotations.txt"),
        (Format::GitlabCodeQuality, "gitlab-code-quality.json"),
        (Format::Junit, "junit.xml"),
        (Format::Rdjson, "rdjson.json"),
        (Format::Remarks, "remarks.json"),
    ] {
        let text = match format {
            Format::GithubAnnotations | Format::Junit | Format::Markdown => {
                rendered(&sample_report(), format, &all)
            }
            Format::Sarif => compacted(&rendered(&small_report(), format, &all)),
            _ => compacted(&rendered(&sample_report(), format, &all)),
        };
        check_golden(&format!("tests/golden/{name}"), &text);
    }
}

/// Every format has a name and an ending, and its report of the sample is left
/// in the target folder to be looked at and checked with other tools.
#[test]
fn every_format_is_known_by_name_and_gives_the_same_bytes_again() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("sample-reports");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let options = RenderOptions {
        show_existing: true,
        ..RenderOptions::default()
    };
    for &format in Format::ALL {
        assert_eq!(Format::from_name(format.as_str()), Some(format));
        for (name, report) in [("sample", sample_report()), ("clean", clean_report())] {
            let text = rendered(&report, format, &options);
            assert_eq!(
                text,
                rendered(&report.clone(), format, &options),
                "{format}"
            );
            let file = format!("{name}-{format}.{}", format.extension());
            std::fs::write(folder.join(file), text).expect("the target folder can be written");
        }
    }
}
