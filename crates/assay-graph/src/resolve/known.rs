//! What methods and types of libraries give, by their names alone: the values they
//! hold, the same value again, a row of a table.

/// Types that are looked through to what they hold.
pub(crate) const TRANSPARENT: &[&str] = &[
    "Optional",
    "Box",
    "Rc",
    "Arc",
    "RefCell",
    "Mutex",
    "RwLock",
    "Cow",
    "Pin",
    "Ref",
    "RefMut",
    "Annotated",
    "Final",
    "ClassVar",
    "Readonly",
    "Partial",
    "Required",
    "Type",
    "type",
    "shared_ptr",
    "unique_ptr",
    "weak_ptr",
    "MutexGuard",
    "InstanceType",
    "Lazy",
    "Self",
];

/// Methods of what holds values that give something that holds the same.
pub(crate) const SAME: &[&str] = &[
    "iter",
    "iter_mut",
    "into_iter",
    "values",
    "filter",
    "sorted",
    "stream",
    "clone",
    "slice",
    "reverse",
    "reversed",
    "rev",
    "as_ref",
    "as_mut",
    "as_deref",
    "sort",
    "sort_by",
    "take",
    "skip",
    "concat",
    "copy",
    "toList",
    "cloned",
    "Where",
    "OrderBy",
    "ToList",
    "sorted_by",
    "select",
    "reject",
    "peekable",
    "or_else",
    "or",
    "map_err",
    "ok",
    "context",
    "with_context",
    "limit",
    "distinct",
    "parallelStream",
    "chain",
    "all",
    "values_mut",
    "drain",
    "windows",
    "chunks",
];

/// Methods of a value that give the value itself.
pub(crate) const ITSELF: &[&str] = &[
    "clone",
    "unwrap",
    "expect",
    "as_ref",
    "as_mut",
    "borrow",
    "borrow_mut",
    "lock",
    "read",
    "write",
    "to_owned",
    "into",
    "deref",
    "deref_mut",
    "copy",
    "freeze",
    "dup",
    "tap",
    "also",
    "apply",
    "unwrap_or_default",
    "by_ref",
    "let",
];

/// Methods of a class that is a table of a database that give some of its rows.
pub(crate) const RELATIONS: &[&str] = &[
    "all",
    "where",
    "order",
    "includes",
    "joins",
    "left_joins",
    "left_outer_joins",
    "preload",
    "eager_load",
    "references",
    "limit",
    "offset",
    "distinct",
    "not",
    "reorder",
    "unscoped",
    "lock",
];

/// Methods of a class that is a table of a database that give one of its rows.
pub(crate) const MAKES: &[&str] = &[
    "find",
    "find_by",
    "find_by!",
    "first",
    "last",
    "take",
    "create",
    "create!",
    "build",
    "find_or_create_by",
    "find_or_create_by!",
    "find_or_initialize_by",
    "findOrFail",
    "instance",
    "firstOrFail",
    "firstOrCreate",
    "firstOrNew",
    "updateOrCreate",
];

/// Whether a method of this name takes a value out of what holds it.
pub(crate) fn gives_element(text: &str) -> bool {
    matches!(
        text,
        "get"
            | "first"
            | "last"
            | "pop"
            | "next"
            | "find"
            | "at"
            | "shift"
            | "remove"
            | "peek"
            | "orElse"
            | "orElseThrow"
            | "orElseGet"
            | "getOrDefault"
            | "unwrap"
            | "expect"
            | "unwrap_or"
            | "unwrap_or_else"
            | "unwrap_or_default"
            | "get_mut"
            | "last_mut"
            | "first_mut"
            | "pop_front"
            | "pop_back"
            | "findFirst"
            | "findAny"
            | "min_by_key"
            | "max_by_key"
            | "nth"
            | "swap_remove"
            | "back"
            | "front"
            | "First"
            | "FirstOrDefault"
            | "Single"
            | "SingleOrDefault"
            | "getFirst"
            | "getLast"
            | "poll"
            | "setdefault"
            | "unwrap_err"
            | "get_or_insert_with"
            | "or_insert_with"
            | "join"
            | "result"
            | "await"
    )
}

/// Returns whether libraries have methods of this name everywhere.
pub(crate) fn is_everywhere(text: &str) -> bool {
    const COMMON: &[&str] = &[
        "exists",
        "len",
        "length",
        "size",
        "push",
        "insert",
        "contains",
        "extend",
        "open",
        "close",
        "flush",
        "append",
        "keys",
        "update",
        "items",
        "add",
        "put",
        "set",
        "trim",
        "split",
        "replace",
        "equals",
        "hashCode",
        "toString",
        "to_string",
        "format",
        "is_empty",
        "isEmpty",
        "delete",
        "clear",
        "start",
        "end",
        "name",
        "path",
        "each",
        "map",
        "with",
        "save",
        "reload",
        "session",
        "position",
        "include?",
        "empty?",
        "any?",
        "valid?",
        "merge",
        "where",
        "title",
        "destroy",
        "update_all",
        "find_by",
        "to_s",
        "to_i",
        "to_a",
        "toInt",
        "toLong",
        "toByte",
        "toChar",
        "toDouble",
        "use",
        "run",
    ];
    COMMON.contains(&text) || SAME.contains(&text) || ITSELF.contains(&text) || gives_element(text)
}

/// Classes and modules of Ruby: what a repository adds to them is not all
/// that they have.
pub(crate) const RUBY_CLASSES: &[&str] = &[
    "Array",
    "BasicObject",
    "Class",
    "Comparable",
    "Date",
    "DateTime",
    "Dir",
    "Enumerable",
    "ERB",
    "Exception",
    "FalseClass",
    "File",
    "Float",
    "Hash",
    "IO",
    "Integer",
    "Kernel",
    "Logger",
    "Method",
    "Module",
    "NilClass",
    "Numeric",
    "Object",
    "Pathname",
    "Proc",
    "Range",
    "Regexp",
    "Set",
    "StandardError",
    "String",
    "Struct",
    "Symbol",
    "Thread",
    "Time",
    "TrueClass",
];

/// Libraries of Ruby whose classes repositories often open: they come from elsewhere unless
/// a file lies where they would be loaded from.
pub(crate) const RUBY_LIBRARIES: &[&str] = &[
    "ActionController",
    "ActionDispatch",
    "ActionMailer",
    "ActionView",
    "ActiveJob",
    "ActiveModel",
    "ActiveRecord",
    "ActiveStorage",
    "ActiveSupport",
    "Capybara",
    "Devise",
    "Faraday",
    "I18n",
    "Mail",
    "Minitest",
    "Mongoid",
    "Nokogiri",
    "RSpec",
    "Rack",
    "Rails",
    "Sidekiq",
    "Sinatra",
    "Test",
];

/// Methods that every object or every class of Ruby has.
pub(crate) const RUBY_METHODS: &[&str] = &[
    "!",
    "==",
    "abort",
    "alias_method",
    "ancestors",
    "at_exit",
    "attr_accessor",
    "attr_reader",
    "attr_writer",
    "binding",
    "block_given?",
    "caller",
    "catch",
    "class",
    "class_eval",
    "const_get",
    "define_method",
    "display",
    "dup",
    "eql?",
    "exit",
    "extend",
    "fail",
    "format",
    "freeze",
    "frozen?",
    "gets",
    "hash",
    "include",
    "inspect",
    "instance_eval",
    "instance_method",
    "instance_methods",
    "instance_of?",
    "instance_variable_get",
    "instance_variable_set",
    "is_a?",
    "itself",
    "kind_of?",
    "lambda",
    "loop",
    "method",
    "method_defined?",
    "methods",
    "module_eval",
    "nil?",
    "object_id",
    "p",
    "pp",
    "prepend",
    "print",
    "printf",
    "private",
    "private_class_method",
    "private_constant",
    "proc",
    "protected",
    "public",
    "public_send",
    "puts",
    "raise",
    "rand",
    "require",
    "require_relative",
    "respond_to?",
    "send",
    "sleep",
    "sprintf",
    "system",
    "tap",
    "then",
    "throw",
    "to_s",
    "warn",
    "yield_self",
];
