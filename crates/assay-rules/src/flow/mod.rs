//! The dataflow engine: where what a stranger sends ends up.
//!
//! A file is lowered ([`lower`]) to an intermediate representation ([`ir`]);
//! after that nothing knows a language.
#![expect(
    dead_code,
    reason = "the intermediate representation holds what lowerers of further languages need"
)]

mod anchor;
mod builder;
mod called;
mod hash;
mod heap;
mod ir;
mod kept;
mod kind;
mod lower;
mod model;
mod pages;
mod place;
#[cfg(test)]
mod print;
mod project;
mod properties;
mod reach;
mod report;
mod solve;
mod template;
mod value;

pub use anchor::{flow_begins, flow_reads};
pub use called::{flow_called_by, flow_family};
pub use model::FlowModels;
pub use properties::{Properties, add_properties, has_properties};
pub use report::{
    FlowFindings, FlowUnit, doubt_cleared_outputs, flow_findings, flow_template_called_by,
    flow_templates, flow_units, merge_flow_findings, read_flow_units, write_flow_units,
};
