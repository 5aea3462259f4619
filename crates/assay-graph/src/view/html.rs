//! A view as one page that needs nothing else: drawn on a canvas, with search,
//! zoom, and the neighbours of what is pointed at.

use serde_json::{Value as Json, json};

use crate::view::View;
use crate::view::layout::places;

const PAGE: &str = include_str!("page.html");

impl View {
    /// Returns it as a page.
    pub fn to_html(&self) -> String {
        let (places, areas) = places(self);
        let round = |number: f64| (number * 10.0).round() / 10.0;
        let nodes: Vec<Json> = self
            .nodes
            .iter()
            .zip(&places)
            .map(|(node, (x, y))| {
                json!([
                    node.label,
                    node.kind,
                    node.path,
                    node.line,
                    round(*x),
                    round(*y),
                    u8::from(node.is_test)
                ])
            })
            .collect();
        let edges: Vec<Json> = self
            .edges
            .iter()
            .map(|edge| json!([edge.from, edge.to, edge.certainty as u8, edge.count]))
            .collect();
        let areas: Vec<Json> = areas
            .iter()
            .map(|area| {
                json!([
                    area.name,
                    round(area.x),
                    round(area.y),
                    round(area.width),
                    round(area.height),
                    area.depth
                ])
            })
            .collect();
        let content = json!({
            "title": self.title,
            "nodes": nodes,
            "edges": edges,
            "areas": areas,
            "left_out": self.left_out,
            "layered": self.is_layered,
        });
        // Inside of a script nothing may end it.
        let content = content
            .to_string()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029");
        PAGE.replacen("/*CONTENT*/null", &content, 1)
    }
}
