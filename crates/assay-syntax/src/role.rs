//! What a node of any grammar is for: the words that rules and metrics use
//! instead of the node names of one grammar.

/// Declares the roles once: the enum, the names in `language.toml`, the bits.
macro_rules! roles {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// One thing that a node can be. A node may have several roles: a
        /// `lambda` is a `Function` and a `Lambda`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Role {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Role] = &[$(Role::$variant,)+];

            /// Returns the name used in `language.toml`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Role::$variant => $name,)+ }
            }
        }
    };
}

roles! {
    /// A function, method, constructor, accessor or lambda that has a body.
    Function = "function",
    /// A function without a name of its own; also has `Function`.
    Lambda = "lambda",
    /// A function that belongs to a class or type; also has `Function`.
    Method = "method",
    /// A constructor; also has `Function`.
    Constructor = "constructor",
    /// A signature without a body.
    Signature = "signature",
    /// A class, structure, interface, trait, enumeration, object or
    /// implementation block.
    Class = "class",
    /// A module, namespace or package block.
    Module = "module",
    /// The list of parameters of a function.
    Parameters = "parameters",
    /// One parameter.
    Parameter = "parameter",
    /// A receiver parameter that callers do not write (`self`).
    Receiver = "receiver",
    /// A list of statements.
    Block = "block",
    /// A statement of any kind.
    Statement = "statement",
    /// A conditional: `if`, `unless`.
    If = "if",
    /// A conditional that only says what happens when its condition does not
    /// hold (`guard ... else`); also has `If`.
    GuardClause = "guard-clause",
    /// The clause of a conditional that is another condition: `elif`.
    ElseIf = "else-if",
    /// The clause without a condition: `else`.
    Else = "else",
    /// A loop of any kind.
    Loop = "loop",
    /// A `for`, `foreach` or iterator loop; also has `Loop`.
    ForLoop = "for-loop",
    /// A `while`, `until` or `do` loop; also has `Loop`.
    WhileLoop = "while-loop",
    /// A loop that nothing but a jump ends, and that looks as if it had a
    /// condition; also has `Loop`.
    EndlessLoop = "endless-loop",
    /// A `switch`, `match`, `case ... of`, `select`.
    Switch = "switch",
    /// A switch whose arms must take every value; also has `Switch`.
    ExhaustiveSwitch = "exhaustive-switch",
    /// One arm of a switch with a pattern.
    Case = "case",
    /// The arm of a switch that takes what is left.
    DefaultCase = "default-case",
    /// A condition on an arm of a switch.
    Guard = "guard",
    /// A `try`, `begin` or `do` with handlers.
    Try = "try",
    /// A handler: `catch`, `except`, `rescue`.
    Catch = "catch",
    /// A `finally` or `ensure`.
    Finally = "finally",
    /// A conditional expression: `c ? a : b`, `a if c else b`.
    Ternary = "ternary",
    /// A short-circuit operation: `&&`, `||`, `and`, `or`.
    Logical = "logical",
    /// A null-coalescing operation: `??`, `?:`.
    Coalesce = "coalesce",
    /// A comprehension or query expression.
    Comprehension = "comprehension",
    /// A `for` clause inside a comprehension.
    ComprehensionFor = "comprehension-for",
    /// An `if` clause inside a comprehension.
    ComprehensionIf = "comprehension-if",
    /// A return.
    Return = "return",
    /// A throw or raise.
    Throw = "throw",
    /// A `break`.
    Break = "break",
    /// A `continue` or `next`.
    Continue = "continue",
    /// A `goto`.
    Goto = "goto",
    /// A jump out of several loops that says how many instead of naming a label.
    LabelledJump = "labelled-jump",
    /// A label that jumps name.
    Label = "label",
    /// A `yield`.
    Yield = "yield",
    /// An `await`.
    Await = "await",
    /// A call of a function or method, or a constructor call.
    Call = "call",
    /// The arguments of a call.
    Arguments = "arguments",
    /// A member access: `a.b`, `a->b`, `a::b` on values.
    Member = "member",
    /// An index access: `a[i]`.
    Index = "index",
    /// An assignment, also a compound one.
    Assignment = "assignment",
    /// A declaration of local variables or constants.
    Variable = "variable",
    /// A declaration of a field, property or class attribute.
    FieldDeclaration = "field-declaration",
    /// A binary operation.
    Binary = "binary",
    /// A unary operation.
    Unary = "unary",
    /// A comparison: `==`, `<`, `in`, `is`.
    Comparison = "comparison",
    /// A name: variable, field, function, type.
    Identifier = "identifier",
    /// The object or type that a method belongs to: `this`, `self`, `Self`.
    SelfReference = "self-reference",
    /// The name of a type in a type position.
    TypeName = "type-name",
    /// A type annotation or type expression.
    Type = "type",
    /// A number.
    Number = "number",
    /// A whole string, character or regular-expression literal.
    String = "string",
    /// A string with values put into it; also has `String`.
    Interpolation = "interpolation",
    /// A true or false literal.
    Boolean = "boolean",
    /// A null, nil or none literal.
    Null = "null",
    /// A list, map, set, tuple or object literal.
    Collection = "collection",
    /// A comment of any kind.
    Comment = "comment",
    /// A comment or string that documents what follows or encloses it.
    DocComment = "doc-comment",
    /// An import, include, use or require.
    Import = "import",
    /// An export.
    Export = "export",
    /// A decorator, annotation or attribute.
    Annotation = "annotation",
    /// An operator token, for the counting of operators.
    Operator = "operator",
    /// A preprocessor conditional.
    Preprocessor = "preprocessor",
    /// A section of unparsed text of another language.
    RawText = "raw-text",
    /// A key and value in a data format; an attribute of an element.
    Pair = "pair",
    /// An element or block of a markup or configuration language.
    Element = "element",
}

/// A set of roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleSet(u128);

impl RoleSet {
    /// The empty set.
    pub const EMPTY: RoleSet = RoleSet(0);

    /// Returns the set with one more role.
    #[must_use]
    pub const fn with(self, role: Role) -> RoleSet {
        RoleSet(self.0 | 1 << role as u8)
    }

    /// Returns the set of the listed roles.
    pub const fn of(roles: &[Role]) -> RoleSet {
        let mut set = RoleSet::EMPTY;
        let mut index = 0;
        while index < roles.len() {
            set = set.with(roles[index]);
            index += 1;
        }
        set
    }

    /// Returns the roles of either set.
    #[must_use]
    pub const fn union(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 | other.0)
    }

    /// Returns the roles of this set that are not in the other.
    #[must_use]
    pub const fn without(self, other: RoleSet) -> RoleSet {
        RoleSet(self.0 & !other.0)
    }

    /// Returns whether the role is in the set.
    pub const fn has(self, role: Role) -> bool {
        self.0 >> role as u8 & 1 == 1
    }

    /// Returns whether any role is in both sets.
    pub const fn intersects(self, other: RoleSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the roles in their order of declaration.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(move |&role| self.has(role))
    }
}

/// Declares the fields once: the enum and the grammars' names for them.
macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $variant:ident = $($name:literal)|+,)+) => {
        /// The part that a child plays in its parent, as grammars name it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Field {
            /// The child has no field name.
            None,
            /// The child has a field name that is not in this list.
            Other,
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Field {
            /// Returns the field for a grammar's field name.
            pub fn from_grammar(name: &str) -> Field {
                match name {
                    $($($name)|+ => Field::$variant,)+
                    _ => Field::Other,
                }
            }
        }
    };
}

fields! {
    /// The name of what is declared.
    Name = "name" | "identifier" | "bound_identifier",
    /// A declarator, which holds the name somewhere inside (C family).
    Declarator = "declarator",
    /// The body of a function, class, loop or clause.
    Body = "body" | "block",
    /// The parameters.
    Parameters = "parameters" | "parameter" | "params" | "formal_parameters",
    /// The condition of a conditional or loop.
    Condition = "condition" | "if",
    /// What happens when the condition holds.
    Consequence = "consequence" | "then",
    /// What happens when it does not.
    Alternative = "alternative" | "else",
    /// What is iterated, matched or subject of the statement.
    Subject = "subject" | "iterable",
    /// The left operand or target.
    Left = "left" | "lhs" | "left_operand",
    /// The right operand.
    Right = "right" | "rhs" | "right_operand",
    /// The operand of a unary operation.
    Operand = "operand" | "argument",
    /// The operator.
    Operator = "operator" | "operators" | "op",
    /// The called function.
    Function = "function" | "callee" | "macro",
    /// The arguments.
    Arguments = "arguments",
    /// The value.
    Value = "value",
    /// The object that a member is taken of, or the receiver of a call.
    Object = "object" | "receiver" | "scope" | "expression",
    /// The member that is taken.
    Property = "property" | "attribute" | "field" | "method",
    /// The target of a call or jump.
    Target = "target",
    /// The type.
    Type = "type",
    /// The type that a function returns.
    ReturnType = "return_type" | "result" | "returns",
    /// The key of a pair.
    Key = "key",
    /// The pattern.
    Pattern = "pattern",
    /// A loop's first statement.
    Initializer = "initializer" | "init",
    /// A loop's step.
    Update = "update" | "increment",
    /// The label of a jump.
    Label = "label",
    /// The source of an import.
    Source = "source" | "module_name" | "path",
    /// The handler of a try.
    Handler = "handler",
    /// The final part of a try.
    Finalizer = "finalizer",
    /// The trait or base types.
    Superclass = "superclass" | "superclasses" | "superclass_type" | "trait" | "bases",
    /// The second part of an index access.
    Index = "index" | "subscript" | "indices",
    /// The alias of an import.
    Alias = "alias",
    /// A decorator, or a definition that is decorated.
    Definition = "definition",
    /// A variable that only a block sees, next to its parameters.
    Local = "locals",
}

#[cfg(test)]
mod tests {
    use super::{Role, RoleSet};

    #[test]
    fn every_role_has_its_own_bit_and_name() {
        assert!(Role::ALL.len() <= 128);
        let mut names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Role::ALL.len());
        for &role in Role::ALL {
            assert_eq!(RoleSet::of(&[role]).iter().collect::<Vec<_>>(), [role]);
        }
    }
}
