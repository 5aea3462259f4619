//! Prints the intermediate representation, for the tests of lowerers.
//!
//! One line an instruction; slots with a name go by it, others by `%number`.

use std::fmt::Write as _;

use super::ir::{Arg, Block, Callee, Function, Literal, LogicalOp, Op, Slot, Stmt, StmtKind, Unit};

/// Returns a unit as text.
pub(crate) fn print(unit: &Unit) -> String {
    let mut out = String::new();
    for class in &unit.classes {
        let supertypes = class.supertypes.join(", ");
        let line = format!("class {} : {supertypes}", class.name);
        let _ = writeln!(out, "{}", line.trim_end());
    }
    for (name, meant) in &unit.aliases {
        let _ = writeln!(out, "alias {name} = {meant}");
    }
    for (at, function) in unit.functions.iter().enumerate() {
        let params: Vec<String> = function
            .params
            .iter()
            .map(|p| format!("{}: {}", p.name, p.ty.as_deref().unwrap_or("?")))
            .collect();
        let class = function.class.map_or("", |class| &unit.classes[class].name);
        let _ = writeln!(
            out,
            "{:?} #{at} {class}.{}({})",
            function.kind,
            function.name,
            params.join(", ")
        );
        for capture in &function.captures {
            let _ = writeln!(out, "  capture {}", slot(function, capture.inner));
        }
        block(&mut out, function, &function.body, 1);
    }
    out
}

fn slot(function: &Function, slot: Slot) -> String {
    match function
        .slots
        .get(slot.index())
        .and_then(|s| s.name.as_deref())
    {
        Some(name) => name.to_owned(),
        None => format!("%{}", slot.0),
    }
}

fn block(out: &mut String, function: &Function, block: &Block, depth: usize) {
    for statement in block {
        stmt(out, function, statement, depth);
    }
}

fn nested(out: &mut String, function: &Function, what: &str, body: &Block, depth: usize) {
    if !body.is_empty() {
        let _ = writeln!(out, "{}{what}", "  ".repeat(depth));
        block(out, function, body, depth + 1);
    }
}

fn stmt(out: &mut String, function: &Function, stmt: &Stmt, depth: usize) {
    let s = |at: Slot| slot(function, at);
    let pad = "  ".repeat(depth);
    let line = match &stmt.kind {
        StmtKind::Let(to, op) => format!("{} = {}", s(*to), operation(function, op)),
        StmtKind::Store { object, key, value } => format!("{}.{key} = {}", s(*object), s(*value)),
        StmtKind::StoreIndex {
            object,
            index,
            value,
        } => {
            let index = index.map(s).unwrap_or_default();
            format!("{}[{index}] = {}", s(*object), s(*value))
        }
        StmtKind::StoreGlobal { name, value } => format!("global {name} = {}", s(*value)),
        StmtKind::If { cond, .. } => format!("if {}", s(*cond)),
        StmtKind::Logical {
            result,
            op,
            left,
            value,
            ..
        } => {
            let word = match op {
                LogicalOp::And => "and",
                LogicalOp::Or => "or",
                LogicalOp::Coalesce => "coalesce",
            };
            format!("{} = {} {word} {}", s(*result), s(*left), s(*value))
        }
        StmtKind::Loop {
            cond, body_first, ..
        } => format!(
            "loop {} first={body_first}",
            cond.map(s).unwrap_or_default()
        ),
        StmtKind::Each {
            subject,
            item,
            kind,
            ..
        } => format!("each {} of {} ({kind:?})", s(*item), s(*subject)),
        StmtKind::Switch {
            subject, default, ..
        } => format!("switch {} default={default:?}", s(*subject)),
        StmtKind::Try { .. } => "try".to_owned(),
        StmtKind::Labelled { label, .. } => format!("block {}", label.0),
        StmtKind::Default { param, value, .. } => format!("default {} = {}", s(*param), s(*value)),
        StmtKind::Return(value) => format!("return {}", value.map(s).unwrap_or_default()),
        StmtKind::Throw(value) => format!("throw {}", s(*value)),
        StmtKind::Break(label) => format!("break {}", label.0),
        StmtKind::Continue(label) => format!("continue {}", label.0),
    };
    let _ = writeln!(out, "{pad}{}", line.trim_end());
    blocks(out, function, &stmt.kind, depth);
}

fn blocks(out: &mut String, function: &Function, kind: &StmtKind, depth: usize) {
    let deeper = depth + 1;
    match kind {
        StmtKind::If {
            then, otherwise, ..
        } => {
            block(out, function, then, deeper);
            nested(out, function, "else", otherwise, depth);
        }
        StmtKind::Logical { right: body, .. }
        | StmtKind::Each { body, .. }
        | StmtKind::Labelled { body, .. }
        | StmtKind::Default { body, .. } => block(out, function, body, deeper),
        StmtKind::Loop {
            head, body, step, ..
        } => {
            nested(out, function, "head", head, deeper);
            nested(out, function, "body", body, deeper);
            nested(out, function, "step", step, deeper);
        }
        StmtKind::Switch { arms, .. } => {
            for arm in arms {
                block(out, function, &arm.head, deeper);
                let tests: Vec<String> = arm.tests.iter().map(|at| slot(function, *at)).collect();
                let falls = if arm.falls_through { " falls" } else { "" };
                let what = format!("arm {}{falls}", tests.join(", "));
                let _ = writeln!(out, "{}{}", "  ".repeat(deeper), what.trim_end());
                block(out, function, &arm.body, deeper + 1);
            }
        }
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            block(out, function, body, deeper);
            for handler in handlers {
                let slot = handler
                    .slot
                    .map(|at| slot(function, at))
                    .unwrap_or_default();
                let types = handler.types.join(" | ");
                let what = format!("catch {slot}: {types}").trim_end().to_owned();
                let _ = writeln!(out, "{}{what}", "  ".repeat(depth));
                block(out, function, &handler.body, deeper);
            }
            nested(out, function, "otherwise", otherwise, depth);
            nested(out, function, "finally", finally, depth);
        }
        _ => {}
    }
}

fn operation(function: &Function, op: &Op) -> String {
    let s = |at: &Slot| slot(function, *at);
    let list = |slots: &[Slot]| slots.iter().map(s).collect::<Vec<_>>().join(", ");
    match op {
        Op::Const(literal) => match literal {
            Literal::Null => "null".to_owned(),
            Literal::Bool(value) => value.to_string(),
            Literal::Int(value) => value.to_string(),
            Literal::Float(value) => value.to_string(),
            Literal::Char(value) => format!("{value:?}"),
            Literal::Str(value) => format!("{value:?}"),
        },
        Op::Copy(value) => s(value),
        Op::Unary(op, value) => format!("{op:?} {}", s(value)),
        Op::Binary(op, left, right) => format!("{} {op:?} {}", s(left), s(right)),
        Op::Text(parts) => format!("text({})", list(parts)),
        Op::Call(callee, arguments) => {
            let callee = match callee {
                Callee::Value(value) => s(value),
                Callee::Method(receiver, name) => format!("{}.{name}", s(receiver)),
                Callee::Known(id) => format!("#{}", id.0),
                Callee::New(ty) => format!("new {ty}"),
                Callee::Module(name) => format!("module {name}"),
                Callee::Super(name) => format!("super.{name}"),
            };
            format!("{callee}({})", args(function, arguments))
        }
        Op::Load(object, key) => format!("{}.{key}", s(object)),
        Op::LoadIndex(object, index) => format!("{}[{}]", s(object), s(index)),
        Op::Part { of, at, is_status } => {
            let status = if *is_status { " status" } else { "" };
            format!("{} part {at}{status}", s(of))
        }
        Op::Slice(object, from, to) => {
            let side = |at: &Option<Slot>| at.as_ref().map(s).unwrap_or_default();
            format!("{}[{}..{}]", s(object), side(from), side(to))
        }
        Op::Global(name) => format!("global {name}"),
        Op::List(items) => format!("[{}]", args(function, items)),
        Op::Map(entries) => {
            let entry = |(key, value): &(Option<Slot>, Slot)| {
                let key = key.as_ref().map_or_else(|| "..".to_owned(), s);
                format!("{key}: {}", s(value))
            };
            format!(
                "{{{}}}",
                entries.iter().map(entry).collect::<Vec<_>>().join(", ")
            )
        }
        Op::Closure(id) => format!("closure #{}", id.0),
        Op::Class(at) => format!("class {at}"),
        Op::Cast(value, ty) => format!("{} as {ty}", s(value)),
        Op::IsType(value, ty) => format!("{} is {ty}", s(value)),
        Op::Await(value) => format!("await {}", s(value)),
        Op::Yield(value, all) => format!("yield {}{}", if *all { "*" } else { "" }, s(value)),
        Op::PutOut(value, how) => format!("{how} <- {}", s(value)),
        Op::Unknown => "?".to_owned(),
        Op::Ref(of) => format!("ref {}", s(of)),
        Op::Offset(of, by) => format!("{} offset {}", s(of), s(by)),
        Op::Array(ty, size) => format!("array {ty} {}", size.as_ref().map(s).unwrap_or_default()),
        Op::Clone(of) => format!("clone {}", s(of)),
        Op::Mix(parts) => format!("mix({})", list(parts)),
    }
}

fn args(function: &Function, args: &[Arg]) -> String {
    let one = |arg: &Arg| {
        let spread = if arg.spread { "..." } else { "" };
        let name = arg
            .name
            .as_ref()
            .map_or(String::new(), |name| format!("{name}="));
        format!("{name}{spread}{}", slot(function, arg.value))
    };
    args.iter().map(one).collect::<Vec<_>>().join(", ")
}
