//! What a framework hands to a function, as far as the function's place tells: the
//! handler of a lambda, of a route of Hapi, of a field of GraphQL, of a file of Next.js.

use assay_syntax::{Field, NodeRef};

use super::{JavaScript, key_text};
use crate::flow::ir::{Annotation, Arg, Name, Slot};

/// The type of what a lambda is handed.
const LAMBDA_EVENT: &str = "aws-lambda.APIGatewayProxyEvent";

/// What says that a stranger sends a parameter.
const ARGUMENT: &str = "graphql.argument";
const ACTION: &str = "next.use server";
const ROUTE: &str = "next/server.params";

/// What is known of a function by its place.
#[derive(Default)]
pub(super) struct Handed {
    /// What says what becomes of the result.
    pub(super) annotation: Option<&'static str>,
    params: Vec<(usize, Given)>,
    /// What holds of all parameters.
    all: Option<&'static str>,
    /// Whether the result is the answer of a lambda.
    pub(super) is_lambda: bool,
}

/// What a parameter is.
#[derive(Clone, Copy)]
enum Given {
    /// It has the type, where it declares none.
    Type(&'static str),
    /// It has the annotation.
    Annotated(&'static str),
}

impl Handed {
    fn of(params: &[(usize, Given)]) -> Self {
        Self {
            params: params.to_vec(),
            ..Self::default()
        }
    }

    /// Returns the type of a parameter that declares none.
    pub(super) fn ty(&self, at: usize) -> Option<&'static str> {
        self.params.iter().find_map(|(own, given)| match given {
            Given::Type(ty) if *own == at => Some(*ty),
            _ => None,
        })
    }

    /// Returns what is said of a parameter besides its decorators.
    pub(super) fn annotation_of(&self, at: usize) -> Option<Annotation> {
        let own = self.params.iter().find_map(|(own, given)| match given {
            Given::Annotated(name) if *own == at => Some(*name),
            _ => None,
        });
        own.or(self.all).map(|name| Annotation {
            name: Name::from(name),
            arguments: Vec::new(),
        })
    }
}

impl JavaScript<'_> {
    /// Returns what is known of a function by its place.
    pub(super) fn handed(&self, function: NodeRef<'_>) -> Handed {
        if self.is_action(function) {
            return Handed {
                all: Some(ACTION),
                ..Handed::default()
            };
        }
        let place = Place::of(function);
        if let Some(object) = place.object {
            let by_object = of_member(object, place.name);
            if let Some(handed) = by_object {
                return handed;
            }
        }
        if self.facts.lambdas.contains(&function.id())
            || place.is_top && matches!(place.name, "handler" | "lambdaHandler")
        {
            return Handed {
                is_lambda: true,
                ..Handed::of(&[(0, Given::Type(LAMBDA_EVENT))])
            };
        }
        self.of_next(&place)
    }

    /// Returns whether a function is an action of a server, which browsers call.
    fn is_action(&self, function: NodeRef<'_>) -> bool {
        let body = function.child(Field::Body);
        if body.is_some_and(begins_on_server) {
            return true;
        }
        if !self.facts.is_of_actions {
            return false;
        }
        let mut around = function.ancestors().take_while(|node| {
            matches!(
                node.kind(),
                "export_statement" | "lexical_declaration" | "variable_declarator"
            )
        });
        around.any(|node| node.kind() == "export_statement")
    }

    /// Returns what Next.js hands to what a file of that name exports.
    fn of_next(&self, place: &Place<'_>) -> Handed {
        let path = self.b.path().to_display();
        let file = path.rsplit('/').next().unwrap_or(&path);
        let stem = file.split('.').next().unwrap_or(file);
        if !place.is_exported {
            return Handed::default();
        }
        match (stem, place.name) {
            ("route", "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS") => {
                Handed::of(&[(0, Given::Type("Request")), (1, Given::Annotated(ROUTE))])
            }
            ("page", _) if place.is_default => Handed::of(&[(0, Given::Annotated(ROUTE))]),
            (_, "getServerSideProps") => {
                Handed::of(&[(0, Given::Type("next.GetServerSidePropsContext"))])
            }
            (_, "loader" | "action") => {
                Handed::of(&[(0, Given::Type("@remix-run/node.LoaderFunctionArgs"))])
            }
            _ => Handed::default(),
        }
    }
}

impl JavaScript<'_> {
    /// Sends what a lambda gives back: as a page where its headers say so.
    pub(super) fn answer(&mut self, returned: NodeRef<'_>, value: Slot) {
        let mut object = returned;
        while object.kind() == "parenthesized_expression" {
            match object.named_children().next() {
                Some(inner) => object = inner,
                None => return,
            }
        }
        if !self.is_lambda || object.kind() != "object" || !has_key(object, "body") {
            return;
        }
        let headers = member(object, "headers")
            .map_or("", NodeRef::text)
            .to_lowercase();
        if headers.contains("content-type") && headers.contains("text/html") {
            let body = self.b.load(returned, value, "body");
            self.b
                .call_global(returned, "aws-lambda.page", vec![Arg::plain(body)]);
        }
    }
}

/// Where a function stands: under which name, and in which object.
#[derive(Default)]
struct Place<'t> {
    name: &'t str,
    object: Option<NodeRef<'t>>,
    is_top: bool,
    is_exported: bool,
    is_default: bool,
}

impl<'t> Place<'t> {
    fn of(function: NodeRef<'t>) -> Self {
        if function.kind() == "method_definition" {
            return Self {
                name: function.child(Field::Name).map_or("", NodeRef::text),
                object: function.parent().filter(|n| n.kind() == "object"),
                ..Self::default()
            };
        }
        let mut at = function;
        for _ in 0..6 {
            let Some(parent) = at.parent() else { break };
            match parent.kind() {
                // What is handed to a function that hands it on.
                "arguments"
                | "call_expression"
                | "as_expression"
                | "satisfies_expression"
                | "parenthesized_expression" => at = parent,
                _ => return Self::under(function, parent),
            }
        }
        Self::default()
    }

    fn under(function: NodeRef<'t>, parent: NodeRef<'t>) -> Self {
        match parent.kind() {
            "pair" => Self {
                name: parent.child(Field::Key).map_or("", NodeRef::text),
                object: parent.parent(),
                ..Self::default()
            },
            "variable_declarator" => {
                let statement = parent.parent().and_then(|list| list.parent());
                let around = statement.map_or("", |statement| statement.kind());
                Self {
                    name: parent.child(Field::Name).map_or("", NodeRef::text),
                    is_top: matches!(around, "program" | "export_statement"),
                    is_exported: around == "export_statement",
                    ..Self::default()
                }
            }
            "assignment_expression" => {
                let target = parent.child(Field::Left).map_or("", NodeRef::text);
                let name = target
                    .strip_prefix("module.exports.")
                    .or_else(|| target.strip_prefix("exports."));
                Self {
                    name: name.unwrap_or_default(),
                    is_top: name.is_some(),
                    is_exported: name.is_some(),
                    ..Self::default()
                }
            }
            "export_statement" => Self {
                name: function.child(Field::Name).map_or("", NodeRef::text),
                is_top: true,
                is_exported: true,
                is_default: parent.children().any(|child| child.kind() == "default"),
                ..Self::default()
            },
            "program" => Self {
                name: function.child(Field::Name).map_or("", NodeRef::text),
                is_top: true,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// Returns what is known of a function that is a member of an object.
fn of_member(object: NodeRef<'_>, name: &str) -> Option<Handed> {
    let argument = || Some(Handed::of(&[(1, Given::Annotated(ARGUMENT))]));
    match name {
        "handler" => {
            let around = holder(object).filter(|(key, _)| matches!(*key, "options" | "config"));
            let outer = around.and_then(|(_, outer)| outer);
            let is_route = |object| has_key(object, "method") && has_key(object, "path");
            (is_route(object) || outer.is_some_and(is_route)).then(|| Handed {
                annotation: Some("@hapi/hapi.handler"),
                ..Handed::of(&[
                    (0, Given::Type("@hapi/hapi.Request")),
                    (1, Given::Type("@hapi/hapi.ResponseToolkit")),
                ])
            })
        }
        "resolve" | "subscribe" if has_key(object, "type") || has_key(object, "args") => argument(),
        _ => {
            // The object of a type of the schema, or of a field that is subscribed to.
            let (key, outer) = holder(object)?;
            let is_root = |key: &str| matches!(key, "Query" | "Mutation" | "Subscription");
            let is_beside = |outer| has_key(outer, "Query") || has_key(outer, "Mutation");
            let is_type = is_root(key) || outer.is_some_and(is_beside);
            let is_field = matches!(name, "resolve" | "subscribe")
                && outer.and_then(holder).is_some_and(|(key, _)| is_root(key));
            if is_type || is_field {
                argument()
            } else {
                None
            }
        }
    }
}

/// Returns under which name an object stands, and in which object.
fn holder(object: NodeRef<'_>) -> Option<(&str, Option<NodeRef<'_>>)> {
    let mut parent = object.parent()?;
    while matches!(parent.kind(), "as_expression" | "satisfies_expression") {
        parent = parent.parent()?;
    }
    match parent.kind() {
        "pair" => Some((parent.child(Field::Key)?.text(), parent.parent())),
        "variable_declarator" => Some((parent.child(Field::Name)?.text(), None)),
        _ => None,
    }
}

fn has_key(object: NodeRef<'_>, key: &str) -> bool {
    member(object, key).is_some()
}

/// Returns the member of an object under a key.
fn member<'t>(object: NodeRef<'t>, key: &str) -> Option<NodeRef<'t>> {
    let mut members = object.named_children();
    members.find(|member| {
        let own = match member.kind() {
            "pair" => member.child(Field::Key).and_then(key_text),
            "method_definition" => member.child(Field::Name).and_then(key_text),
            "shorthand_property_identifier" => Some(member.text().to_owned()),
            _ => None,
        };
        own.as_deref() == Some(key)
    })
}

/// Returns whether a file or a function says that what is in it runs on the server,
/// for whoever calls it from a browser.
pub(super) fn begins_on_server(body: NodeRef<'_>) -> bool {
    let mut statements = body.named_children().filter(|n| n.kind() != "comment");
    statements.next().is_some_and(|first| {
        first.kind() == "expression_statement"
            && matches!(
                first.text().trim_end_matches(';'),
                "'use server'" | "\"use server\""
            )
    })
}

/// Members that what is handed to a lambda has and nothing else.
pub(super) fn is_of_lambda(member: &str) -> bool {
    matches!(
        member,
        "multiValueHeaders"
            | "multiValueQueryStringParameters"
            | "pathParameters"
            | "queryStringParameters"
            | "rawQueryString"
    )
}
