//! What a data class of Kotlin has without writing it.

use assay_syntax::NodeRef;

use super::Kotlin;
use super::declaration::{class_parameters, parameter_name};
use crate::flow::builder::Signature;
use crate::flow::ir::{Arg, Callee, FunctionKind, Name, Op, ParamKind, Slot};

impl Kotlin<'_> {
    /// Makes the methods that a data class has of itself: its components by
    /// name and by place, and the copy with other values.
    pub(super) fn data_methods(&mut self, node: NodeRef<'_>, at: usize) {
        let params: Vec<NodeRef<'_>> = class_parameters(node).collect();
        let names: Vec<&str> = params.iter().filter_map(|p| parameter_name(*p)).collect();
        for (place, name) in names.iter().enumerate() {
            self.begin_own(node, at, &format!("component{}", place + 1));
            let value = self.own_field(node, name);
            self.end_own(node, at, value);
        }
        self.begin_own(node, at, "get []");
        let place = self.b.param("place", ParamKind::Plain, None);
        let mut entries = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let key = self.b.int(node, at as i64);
            entries.push((Some(key), self.own_field(node, name)));
        }
        let all = self.b.emit(node, Op::Map(entries));
        let value = self.b.load_index(node, all, place);
        self.end_own(node, at, value);

        self.begin_own(node, at, "copy");
        let mut args = Vec::new();
        for (param, name) in params.iter().zip(&names) {
            let slot = self.declare_parameter(*param, ParamKind::Plain, None);
            self.b.open();
            let value = self.own_field(node, name);
            let body = self.b.close();
            self.b.default(node, slot, body, value);
            args.push(Arg::plain(slot));
        }
        let class = Name::from(self.members[at].qualified.as_str());
        let value = self.b.call(node, Callee::New(class), args);
        self.end_own(node, at, value);
    }

    fn begin_own(&mut self, node: NodeRef<'_>, at: usize, name: &str) {
        let mut signature = Signature::new(name, FunctionKind::Method);
        signature.class = Some(self.members[at].class);
        self.b.begin_function(node, signature);
        let owner = self.members[at].qualified.clone();
        self.receiver_param(ParamKind::Receiver, Some(&owner));
    }

    fn own_field(&mut self, node: NodeRef<'_>, name: &str) -> Slot {
        let this = self.b.read(node, "this");
        self.b.load(node, this, name)
    }

    fn end_own(&mut self, node: NodeRef<'_>, at: usize, value: Slot) {
        self.b.return_value(node, Some(value));
        let function = self.b.end_function();
        let class = self.members[at].class;
        self.b.class(class).methods.push(function);
    }
}
