//! What is run at all, counted: a library without sources costs next to nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_source::{RepoPath, SourceText};
use assay_syntax::{ParseLimits, detect, parse};

use super::Worth;
use crate::flow::ir::FunctionId;
use crate::flow::kind::Kinds;
use crate::flow::lower::lower;
use crate::flow::model::FlowModels;
use crate::flow::project::Project;

/// Checks which functions of the files are run at all.
fn check(files: &[(&str, &str)], expected: &[&str]) {
    let units = files.iter().map(|(path, code)| {
        let path = RepoPath::from_bytes(path);
        let text = Arc::new(SourceText::from_text(*code));
        let language = detect(&path, code).expect("a language");
        let parsed = parse(&text, language, &ParseLimits::default());
        let unit = lower(&FlowModels::default(), &path, &text, &parsed.trees[0]);
        Arc::new(unit.expect("a lowerer"))
    });
    let project = Project::new(units.collect(), BTreeMap::new());
    let mut run = Vec::new();
    for (at, unit) in project.units.iter().enumerate() {
        for (place, function) in unit.functions.iter().enumerate() {
            let worth = project.reach.worth(at as u32, place, Kinds::ANY);
            if worth == Worth::Much && place != FunctionId::TOP.index() {
                run.push(&*function.name);
            }
        }
    }
    run.sort_unstable();
    assert_eq!(run, expected, "{files:?}");
}

/// A library that only looks like a page: members that requests have, too.
const LIBRARY: (&str, &str) = (
    "tree.py",
    "class Node:\n    def first(self):\n        return eval(self.args[0] + self.data)\n",
);

#[test]
fn members_of_requests_are_sources_where_there_are_requests() {
    check(&[LIBRARY], &[]);
    let page = (
        "page.py",
        "from flask import request\n\ndef view():\n    return eval(request.args['x'])\n",
    );
    check(&[LIBRARY, page], &["first", "view"]);
}

#[test]
fn a_name_is_one_of_its_language() {
    let script = (
        "page.js",
        "function show() { eval(location.hash) }\nfunction other() {}\n",
    );
    let library = ("show.py", "def draw():\n    show()\n");
    check(&[script, library], &["show"]);
}

#[test]
fn whoever_names_a_file_runs_its_top_level() {
    let page = (
        "page.py",
        "from flask import request\n\nSIZE = 3\n\ndef view():\n    return eval(request.args['x'])\n",
    );
    let other = (
        "other.py",
        "import page\n\ndef size():\n    return page.SIZE\n\ndef call():\n    return page.view()\n",
    );
    check(&[page, other], &["call", "view"]);
}

#[test]
fn a_function_goes_by_the_name_under_which_it_is_kept() {
    let page = (
        "page.js",
        "function own() { eval(location.hash) }\nmodule.exports = { run: own }\n",
    );
    let other = (
        "other.js",
        "const page = require('./page')\nfunction call() { page.run() }\n",
    );
    check(&[page, other], &["call", "own"]);
}

#[test]
fn a_class_is_an_entry_for_what_it_is_derived_from() {
    let body = "public void Run(string id) { new SqlCommand(id); } }";
    let using = "using System.Data.SqlClient;\nusing System.Web.Mvc;\n";
    let store = format!("{using}public class Store : IStore {{ {body}");
    check(&[("Store.cs", &store)], &[]);
    let page = format!("{using}public class Page : Controller {{ {body}");
    check(&[("Page.cs", &page)], &["Run"]);
}

#[test]
fn a_secret_that_a_helper_returns_is_looked_for() {
    let page = (
        "page.py",
        "import logging\nimport os\n\ndef key():\n    return os.getenv('API_KEY')\n\ndef show():\n    logging.info(key())\n",
    );
    check(&[page], &["show"]);
}
