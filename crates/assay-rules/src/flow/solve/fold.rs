//! Operations on constants, as programs would compute them.

use crate::flow::ir::{BinaryOp, Literal, Name, UnaryOp};
use crate::flow::value::{Const, TEXT_BYTES_MAX};

/// Returns the result of a unary operation.
pub(super) fn unary(op: UnaryOp, value: &Const) -> Option<Const> {
    Some(match (op, value) {
        (UnaryOp::Not, Literal::Bool(value)) => Literal::Bool(!value),
        (UnaryOp::Not, Literal::Null) => Literal::Bool(true),
        (UnaryOp::Minus, Literal::Int(value)) => Literal::Int(value.wrapping_neg()),
        (UnaryOp::Minus, Literal::Float(value)) => Literal::Float(-value),
        (UnaryOp::Plus, Literal::Int(value)) => Literal::Int(*value),
        (UnaryOp::Plus, Literal::Float(value)) => Literal::Float(*value),
        (UnaryOp::Plus, Literal::Char(value)) => Literal::Int(i64::from(u32::from(*value))),
        (UnaryOp::BitNot, Literal::Int(value)) => Literal::Int(!value),
        _ => return None,
    })
}

/// Returns the result of a binary operation.
pub(super) fn binary(op: BinaryOp, left: &Const, right: &Const) -> Option<Const> {
    match op {
        BinaryOp::Concat => return text(&[left, right]),
        BinaryOp::Add if is_text(left) || is_text(right) => return text(&[left, right]),
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Is | BinaryOp::IsNot => {
            let negated = matches!(op, BinaryOp::Ne | BinaryOp::IsNot);
            return Some(Literal::Bool((left == right) != negated));
        }
        BinaryOp::In | BinaryOp::NotIn => {
            let (Literal::Str(part), Literal::Str(whole)) = (left, right) else {
                return None;
            };
            return Some(Literal::Bool(
                whole.contains(&**part) == (op == BinaryOp::In),
            ));
        }
        _ => {}
    }
    if let (Literal::Str(a), Literal::Str(b)) = (left, right) {
        return compare(op, a.cmp(b));
    }
    if let (Literal::Bool(a), Literal::Bool(b)) = (left, right) {
        return Some(Literal::Bool(match op {
            BinaryOp::BitAnd => a & b,
            BinaryOp::BitOr => a | b,
            BinaryOp::BitXor => a ^ b,
            _ => return None,
        }));
    }
    match (integer(left), integer(right)) {
        (Some(a), Some(b)) => integers(op, a, b),
        _ => floats(op, number(left)?, number(right)?),
    }
}

fn integers(op: BinaryOp, a: i64, b: i64) -> Option<Const> {
    Some(Literal::Int(match op {
        BinaryOp::Add => a.checked_add(b)?,
        BinaryOp::Sub => a.checked_sub(b)?,
        BinaryOp::Mul => a.checked_mul(b)?,
        BinaryOp::Div => a.checked_div(b)?,
        BinaryOp::FloorDiv => a.checked_div_euclid(b)?,
        BinaryOp::Rem => a.checked_rem(b)?,
        BinaryOp::Pow => a.checked_pow(u32::try_from(b).ok()?)?,
        BinaryOp::Shl => a.checked_shl(u32::try_from(b).ok()?)?,
        BinaryOp::Shr => a.checked_shr(u32::try_from(b).ok()?)?,
        BinaryOp::UShr => (a as u64).checked_shr(u32::try_from(b).ok()?)? as i64,
        BinaryOp::BitAnd => a & b,
        BinaryOp::BitOr => a | b,
        BinaryOp::BitXor => a ^ b,
        _ => return compare(op, a.cmp(&b)),
    }))
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Option<Const> {
    Some(Literal::Float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div if b != 0.0 => a / b,
        _ => return compare(op, a.partial_cmp(&b)?),
    }))
}

fn compare(op: BinaryOp, order: std::cmp::Ordering) -> Option<Const> {
    Some(Literal::Bool(match op {
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::Ge => order.is_ge(),
        BinaryOp::Compare => return Some(Literal::Int(order as i64)),
        _ => return None,
    }))
}

fn is_text(value: &Const) -> bool {
    matches!(value, Literal::Str(_))
}

fn integer(value: &Const) -> Option<i64> {
    match value {
        Literal::Int(value) => Some(*value),
        Literal::Char(value) => Some(i64::from(u32::from(*value))),
        _ => None,
    }
}

fn number(value: &Const) -> Option<f64> {
    match value {
        Literal::Float(value) => Some(*value),
        other => integer(other).map(|value| value as f64),
    }
}

/// Returns a constant as programs print it.
pub(super) fn shown(value: &Const) -> Option<String> {
    Some(match value {
        Literal::Null => "null".to_owned(),
        Literal::Bool(value) => value.to_string(),
        Literal::Int(value) => value.to_string(),
        Literal::Char(value) => value.to_string(),
        Literal::Str(text) => text.to_string(),
        // Languages print these in different ways.
        Literal::Float(_) => return None,
    })
}

/// Returns constants joined as text.
pub(super) fn text(parts: &[&Const]) -> Option<Const> {
    let mut out = String::new();
    for part in parts {
        out.push_str(&shown(part)?);
        if out.len() > TEXT_BYTES_MAX {
            return None;
        }
    }
    Some(Literal::Str(Name::from(out)))
}

#[cfg(test)]
mod tests {
    use super::{binary, unary};
    use crate::flow::ir::{BinaryOp, Literal, UnaryOp};

    #[test]
    fn operations_are_folded_as_programs_compute() {
        let int = Literal::Int;
        let text = |text: &str| Literal::Str(text.into());
        for (op, left, right, expected) in [
            (BinaryOp::Add, int(7), int(42), Some(int(49))),
            (BinaryOp::Add, text("a"), int(1), Some(text("a1"))),
            (BinaryOp::Add, Literal::Char('a'), int(1), Some(int(98))),
            (BinaryOp::Div, int(7), int(0), None),
            (BinaryOp::Gt, int(200), int(86), Some(Literal::Bool(true))),
            (BinaryOp::Shl, int(1), int(99), None),
            (
                BinaryOp::In,
                text("b"),
                text("abc"),
                Some(Literal::Bool(true)),
            ),
            (BinaryOp::Sub, int(i64::MIN), int(1), None),
        ] {
            assert_eq!(
                binary(op, &left, &right),
                expected,
                "{op:?} {left:?} {right:?}"
            );
        }
        assert_eq!(
            unary(UnaryOp::Not, &Literal::Bool(true)),
            Some(Literal::Bool(false))
        );
    }
}
