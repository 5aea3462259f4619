//! What frameworks hand to functions by convention, and what they run around them: the
//! handler of a lambda, views of Flask that are classes, functions before each view.

use assay_syntax::{Field, NodeRef};

use super::{Python, decorators, items, literal};
use crate::flow::ir::{Arg, Callee, Slot};

/// The type of what a lambda is handed.
pub(super) const LAMBDA_EVENT: &str = "aws_lambda.Event";

/// Methods of HTTP by which views that are classes name their methods.
const HTTP: &[&str] = &[
    "delete",
    "dispatch_request",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
];

/// Returns whether a text is a key that what is handed to a lambda has and nothing
/// else.
pub(super) fn is_of_lambda(text: &str) -> bool {
    let key = text.trim_matches(['"', '\'']);
    matches!(
        key,
        "multiValueHeaders"
            | "multiValueQueryStringParameters"
            | "pathParameters"
            | "queryStringParameters"
            | "rawQueryString"
    )
}

/// Returns the functions of a file that run before each of its views.
pub(super) fn run_before_views(body: NodeRef<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for node in items(body).filter(|node| node.kind() == "decorated_definition") {
        let runs_before = decorators(node).iter().any(|decorator| {
            let text = decorator.text().trim_end_matches("()").trim_end();
            text.ends_with(".before_request") || text.ends_with(".before_app_request")
        });
        let definition = node.child(Field::Definition).filter(|_| runs_before);
        let name = definition.and_then(|definition| definition.child(Field::Name));
        found.extend(name.map(|name| name.text().to_owned()));
    }
    found
}

impl Python<'_> {
    /// Returns whether a function is what a lambda runs: it goes by a usual name, takes an event and
    /// a context, or reads what only such events have.
    pub(super) fn is_lambda(&self, node: NodeRef<'_>, name: &str) -> bool {
        if self.b.function_depth() != 1 {
            return false;
        }
        let params: Vec<&str> = node
            .child(Field::Parameters)
            .into_iter()
            .flat_map(items)
            .map(NodeRef::text)
            .collect();
        match params.as_slice() {
            [_, _] if matches!(name, "handler" | "lambda_handler") => true,
            ["event" | "_event", "context" | "_context" | "_" | "ctx"] => true,
            [_, ..] => self.lambdas.contains(&node.id()),
            [] => false,
        }
    }

    /// Returns whether a method of the open class answers requests in Flask.
    pub(super) fn is_handler_of_flask(&self, name: &str) -> bool {
        HTTP.contains(&name)
            && self.classes.last().is_some_and(|class| {
                let mut supertypes = class.supertypes.iter();
                supertypes.any(|ty| is_view(ty) || is_resource(ty))
            })
    }

    /// Returns whether the texts that the methods of the open class give back are sent
    /// as pages.
    pub(super) fn is_page_view(&self) -> bool {
        let class = self.classes.last();
        class.is_some_and(|class| class.supertypes.iter().any(|ty| is_view(ty)))
    }

    /// Calls what runs before each view.
    pub(super) fn run_before(&mut self, node: NodeRef<'_>) {
        for name in self.before.clone() {
            let function = self.read_name(node, &name);
            self.b.call(node, Callee::Value(function), Vec::new());
        }
    }

    /// Sends what a lambda gives back: as a page where its headers say so.
    pub(super) fn answer(&mut self, node: NodeRef<'_>, value: Slot) {
        let Some(map) = items(node).next().filter(|n| n.kind() == "dictionary") else {
            return;
        };
        let of_key = |key: &str| {
            let mut pairs = items(map).filter(|pair| pair.kind() == "pair");
            let is_key = |pair: &NodeRef<'_>| {
                let own = pair.child(Field::Key).and_then(literal::constant_text);
                own.as_deref() == Some(key)
            };
            pairs.find(is_key).and_then(|pair| pair.child(Field::Value))
        };
        let headers = of_key("headers").map_or("", NodeRef::text).to_lowercase();
        if headers.contains("content-type")
            && headers.contains("text/html")
            && of_key("body").is_some()
        {
            let key = self.b.string(node, "body");
            let body = self.b.load_index(node, value, key);
            self.b
                .call_global(node, "aws_lambda.page", vec![Arg::plain(body)]);
        }
    }
}

/// Returns whether a class is a view of Flask.
fn is_view(ty: &str) -> bool {
    matches!(
        ty,
        "flask.views.MethodView"
            | "flask.views.View"
            | "quart.views.MethodView"
            | "quart.views.View"
    )
}

/// Returns whether a class is a resource of an extension of Flask, which answers with
/// JSON.
fn is_resource(ty: &str) -> bool {
    matches!(
        ty,
        "flask_restful.Resource"
            | "flask_restx.Resource"
            | "flask_restplus.Resource"
            | "flask_smorest.MethodView"
    )
}
