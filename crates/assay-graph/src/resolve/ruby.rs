//! What names mean in Ruby: classes and modules that files open again and again,
//! constants by where they are written and by ancestors, methods of values and of
//! classes themselves.
//!
//! A space is a class or module under its whole name, with all the places that
//! open it. Nothing has to be required: what is loaded by the paths of files
//! (Rails) is found by its name all the same.

use crate::extract::plan::Family;
use crate::facts::{Definition, DefinitionKind, Expression, ExpressionId, Facts, LocalId};
use crate::graph::{Graph, GraphFile};
use crate::name::{Name, QuickMap};
use crate::resolve::evaluate::{Evaluation, Spoken, Standing, Value};
use crate::resolve::index::Index;
use crate::resolve::known::{RUBY_CLASSES, RUBY_LIBRARIES, RUBY_METHODS};

/// The space that all others are in.
const ROOT: u32 = 0;
/// A class has so many ancestors at most; more are not followed.
const ANCESTORS_MAX: usize = 128;
/// A path through spaces has so many names at most.
const PATH_MAX: usize = 32;

/// Returns whether a name is that of a constant.
fn is_constant(text: &str) -> bool {
    text.starts_with(char::is_uppercase)
}

#[derive(Default)]
struct Space {
    name: Name,
    around: u32,
    /// The definitions that open it, in the order of the files.
    parts: Vec<u32>,
    /// What it takes in and extends, the nearest first.
    parents: Vec<u32>,
    /// What its own object takes in.
    extended: Vec<u32>,
    /// Whether it, or something around it, comes from elsewhere.
    is_foreign: bool,
    /// Whether all of its parents are in the repository.
    has_all_parents: bool,
    /// It and its ancestors, the nearest first.
    line: Vec<u32>,
    /// Whether no ancestor is missing.
    is_whole: bool,
}

/// The spaces of a repository.
#[derive(Default)]
pub(crate) struct Spaces {
    of: QuickMap<u32, u32>,
    children: QuickMap<(u32, Name), u32>,
    all: Vec<Space>,
}

impl Spaces {
    /// Finds all classes and modules of Ruby.
    pub(crate) fn new(graph: &Graph) -> Self {
        let mut spaces = Self {
            all: vec![Space::default()],
            ..Self::default()
        };
        let mut later = Vec::new();
        for file in graph
            .files
            .iter()
            .filter(|file| file.family == Family::Ruby)
        {
            for (local, definition) in (0_u32..).zip(&file.facts.definitions).skip(1) {
                if !opens(definition) {
                    continue;
                }
                let is_plain = definition.owner == ExpressionId::UNKNOWN;
                match spaces.around(file, definition).filter(|_| is_plain) {
                    Some(around) => spaces.open(file, local, around),
                    // `class A::B`: once every plain name is known.
                    None => later.push((file, local)),
                }
            }
        }
        for (file, local) in later {
            let definition = &file.facts.definitions[local as usize];
            let mut around = spaces.around(file, definition).unwrap_or(ROOT);
            if definition.owner != ExpressionId::UNKNOWN {
                around = spaces.written(file, definition.owner, around);
            }
            spaces.open(file, local, around);
        }
        for place in 1..spaces.all.len() {
            let space = &spaces.all[place];
            let text = graph.names.get(space.name);
            let is_of_others = space.around == ROOT
                && (RUBY_CLASSES.contains(&text)
                    || RUBY_LIBRARIES.contains(&text) && !spaces.is_loaded(graph, space));
            let is_inside_foreign = spaces.all[space.around as usize].is_foreign;
            spaces.all[place].is_foreign |= is_of_others || is_inside_foreign;
        }
        spaces
    }

    /// Returns whether a file that opens a space is named after it.
    fn is_loaded(&self, graph: &Graph, space: &Space) -> bool {
        let stem = snake_case(graph.names.get(space.name));
        space.parts.iter().any(|&part| {
            let path = &graph.files[graph.file_of[part as usize] as usize].text_path;
            path.rsplit('/')
                .next()
                .and_then(|name| name.strip_suffix(".rb"))
                .is_some_and(|found| found == stem)
        })
    }

    /// Returns the space that a definition is written in; none when that is not
    /// known yet.
    fn around(&self, file: &GraphFile, definition: &Definition) -> Option<u32> {
        let mut container = definition.container;
        while container != LocalId::FILE {
            let outer = &file.facts.definitions[container.index()];
            if opens(outer) {
                return self.of.get(&(file.base + container.0)).copied();
            }
            container = outer.container;
        }
        Some(ROOT)
    }

    fn open(&mut self, file: &GraphFile, local: u32, around: u32) {
        let name = file.names[file.facts.definitions[local as usize].name.index()];
        let space = self.child_or_new(around, name);
        let id = file.base + local;
        self.all[space as usize].parts.push(id);
        self.of.insert(id, space);
    }

    fn child_or_new(&mut self, around: u32, name: Name) -> u32 {
        if let Some(&known) = self.children.get(&(around, name)) {
            return known;
        }
        let id = self.all.len() as u32;
        self.all.push(Space {
            name,
            around,
            line: vec![id],
            ..Space::default()
        });
        self.children.insert((around, name), id);
        id
    }

    /// Returns the space that `A::B` in `class A::B::C` names; what nobody opens
    /// comes from elsewhere, unless the file lies where it would be looked for.
    fn written(&mut self, file: &GraphFile, path: ExpressionId, around: u32) -> u32 {
        let (names, is_from_root) = path_of(&file.facts, path);
        let mut at = if is_from_root { ROOT } else { around };
        for (place, name) in names.iter().enumerate() {
            let text = file.facts.text(*name);
            let name = file.names[name.index()];
            if place == 0 {
                // The first name is looked for outwards.
                while at != ROOT && !self.children.contains_key(&(at, name)) {
                    at = self.all[at as usize].around;
                }
            }
            let is_known = self.children.contains_key(&(at, name));
            at = self.child_or_new(at, name);
            if !is_known {
                let folder = snake_case(text);
                let lies_there = file
                    .text_path
                    .split('/')
                    .rev()
                    .skip(1)
                    .any(|part| part == folder);
                self.all[at as usize].is_foreign = !lies_there;
            }
        }
        at
    }

    fn child(&self, space: u32, name: Name) -> Option<u32> {
        self.children.get(&(space, name)).copied()
    }

    /// Returns the space that a definition opens.
    pub(crate) fn space(&self, id: u32) -> Option<u32> {
        self.of.get(&id).copied()
    }

    /// Returns all definitions that open the same space.
    pub(crate) fn parts(&self, id: u32) -> Option<&[u32]> {
        Some(&self.all[self.space(id)? as usize].parts)
    }

    /// Takes what each definition extends, and works out all ancestors.
    pub(crate) fn set_parents(&mut self, index: &Index<'_>, found: Vec<Parents>) {
        for space in &mut self.all {
            space.has_all_parents = !space.is_foreign;
        }
        for Parents {
            space,
            parents,
            extended,
            all_known,
        } in found
        {
            let space = &mut self.all[space as usize];
            space.parents.extend(parents);
            space.extended.extend(extended);
            space.has_all_parents &= all_known;
        }
        for place in 0..self.all.len() {
            // A parent comes after the modules, whichever file names it.
            let mut parents = std::mem::take(&mut self.all[place].parents);
            parents.sort_by_key(|parent| self.is_class(index, *parent));
            self.all[place].parents = parents;
        }
        for place in 0..self.all.len() as u32 {
            let mut line = Vec::new();
            let mut is_whole = true;
            self.collect(place, &mut line, &mut is_whole);
            self.all[place as usize].line = line;
            self.all[place as usize].is_whole = is_whole;
        }
    }

    fn is_class(&self, index: &Index<'_>, space: u32) -> bool {
        let first = self.all[space as usize].parts.first();
        first.is_some_and(|&id| index.kind(id).is_type())
    }

    fn collect(&self, space: u32, line: &mut Vec<u32>, is_whole: &mut bool) {
        if line.len() >= ANCESTORS_MAX || line.contains(&space) {
            return;
        }
        line.push(space);
        let space = &self.all[space as usize];
        *is_whole &= space.has_all_parents;
        for &parent in &space.parents {
            self.collect(parent, line, is_whole);
        }
    }

    /// Returns the definitions of the parents of a space, and whether they are all.
    pub(crate) fn parents_of(&self, space: u32) -> (Vec<u32>, bool) {
        let space = &self.all[space as usize];
        let first = |parent: &u32| self.all[*parent as usize].parts.first().copied();
        (
            space.parents.iter().filter_map(first).collect(),
            space.has_all_parents,
        )
    }

    /// Returns every space with a definition, with that definition.
    pub(crate) fn firsts(&self) -> impl Iterator<Item = (u32, u32)> {
        (0_u32..)
            .zip(&self.all)
            .filter_map(|(id, space)| Some((id, *space.parts.first()?)))
    }
}

/// What one definition of a space says that it extends.
pub(crate) struct Parents {
    pub(crate) space: u32,
    pub(crate) parents: Vec<u32>,
    pub(crate) extended: Vec<u32>,
    pub(crate) all_known: bool,
}

fn opens(definition: &Definition) -> bool {
    matches!(
        definition.kind,
        DefinitionKind::Class | DefinitionKind::Module
    )
}

/// Returns the names of `A::B`, and whether they begin at the root.
fn path_of(facts: &Facts, path: ExpressionId) -> (Vec<Name>, bool) {
    let mut names = Vec::new();
    let mut at = path;
    let is_from_root = loop {
        match facts.expression(at) {
            Expression::Member(object, name) if names.len() < PATH_MAX => {
                names.push(name);
                at = object;
            }
            Expression::Name(name) => {
                names.push(name);
                break false;
            }
            other => break matches!(other, Expression::Module(_)),
        }
    };
    names.reverse();
    (names, is_from_root)
}

/// `LineItem` to `line_item`.
fn snake_case(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut before = '_';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let starts = c.is_uppercase()
            && before != '_'
            && (!before.is_uppercase() || rest.peek().is_some_and(|next| next.is_lowercase()));
        if starts {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        before = c;
    }
    out
}

impl<'g> Index<'g> {
    /// Finds what the classes and modules of Ruby extend and take in.
    pub(crate) fn find_ruby_parents(&mut self) {
        let mut found = Vec::new();
        for (file_id, file) in (0_u32..).zip(&self.graph.files) {
            if file.family != Family::Ruby || file.facts.supers.is_empty() {
                continue;
            }
            let mut evaluation = Evaluation::new(self, file_id);
            for (local, definition) in (0_u32..).zip(&file.facts.definitions) {
                let supers = file.facts.supers_of(definition);
                let Some(space) = self.ruby.space(file.base + local) else {
                    continue;
                };
                if supers.is_empty() {
                    continue;
                }
                let mut parents = Parents {
                    space,
                    parents: Vec::new(),
                    extended: Vec::new(),
                    all_known: true,
                };
                // What a class takes in is named inside of it, what it extends
                // outside; the inside sees both.
                let here = Standing::new(file_id, LocalId(local), definition.start);
                for &written in supers.iter().take(ANCESTORS_MAX) {
                    let (path, extends) = match file.facts.expression(written) {
                        Expression::Instance(path) => (path, true),
                        _ => (written, false),
                    };
                    evaluation.begin();
                    let value = match file.facts.expression(path) {
                        Expression::This => Some(space),
                        _ => match evaluation.value(path, here) {
                            Value::Definition(id) => self.ruby.space(id),
                            _ => None,
                        },
                    };
                    match value {
                        Some(module) if extends => parents.extended.push(module),
                        Some(parent) if parent != space => parents.parents.push(parent),
                        Some(_) => {}
                        None => parents.all_known = false,
                    }
                }
                found.push(parents);
            }
        }
        let mut spaces = std::mem::take(&mut self.ruby);
        spaces.set_parents(self, found);
        self.ruby = spaces;
        let firsts: Vec<(u32, u32)> = self.ruby.firsts().collect();
        for (space, first) in firsts {
            let (parents, all_known) = self.ruby.parents_of(space);
            if !parents.is_empty() || !all_known {
                self.parents.insert(first, (parents, all_known));
            }
        }
    }

    /// Returns the member of a space itself that fits.
    fn ruby_own(&self, space: u32, name: Name, fits: impl Fn(&Definition) -> bool) -> Option<u32> {
        let parts = &self.ruby.all[space as usize].parts;
        let found = |of_tests: bool| {
            let is_test = |part: u32| self.graph.files[self.file_of(part) as usize].is_test;
            parts
                .iter()
                .filter(|&&part| is_test(part) == of_tests)
                .find_map(|&part| {
                    self.members(part, name)
                        .find(|&id| fits(self.definition(id)))
                })
        };
        // What tests put in its place is not what the others call.
        found(false).or_else(|| found(true))
    }

    /// Returns a method of the values of a space, or one of its fields.
    fn ruby_method(&self, space: u32, name: Name) -> Option<u32> {
        let fits = |one: &Definition| {
            one.kind.is_callable() && !one.is_static || one.kind == DefinitionKind::Field
        };
        let line = &self.ruby.all[space as usize].line;
        line.iter()
            .find_map(|&space| self.ruby_own(space, name, fits))
    }

    /// Returns a method of the object of a class or module itself.
    fn ruby_singleton(&self, space: u32, name: Name) -> Option<u32> {
        let class_methods = self.graph.names.find("ClassMethods");
        let is_own = |one: &Definition| {
            one.kind.is_callable() && one.is_static || one.kind == DefinitionKind::Field
        };
        let line = &self.ruby.all[space as usize].line;
        line.iter().find_map(|&ancestor| {
            let inherits = ancestor == space || self.ruby.is_class(self, ancestor);
            if inherits && let Some(found) = self.ruby_own(ancestor, name, is_own) {
                return Some(found);
            }
            let extended = self.ruby.all[ancestor as usize].extended.iter().copied();
            // What a concern gives to the class that takes it in.
            let given = class_methods.and_then(|inner| self.ruby.child(ancestor, inner));
            extended
                .filter(|_| inherits)
                .chain(given.filter(|_| ancestor != space))
                .find_map(|module| self.ruby_method(module, name))
        })
    }

    /// Returns a method of the parents of a space, as `super` calls it.
    fn ruby_above(&self, space: u32, name: Name, is_static: bool) -> Option<u32> {
        let line = self.ruby.all[space as usize].line.get(1..)?;
        line.iter().find_map(|&ancestor| {
            self.ruby_own(ancestor, name, |one| {
                one.kind.is_callable() && one.is_static == is_static
            })
        })
    }

    /// Returns the constant of a space itself.
    fn ruby_constant(&self, space: u32, name: Name) -> Option<Value> {
        if let Some(child) = self.ruby.child(space, name) {
            let first = self.ruby.all[child as usize].parts.first();
            return Some(first.map_or(Value::External, |&first| Value::Definition(first)));
        }
        let is_value = |one: &Definition| !one.kind.is_callable();
        let found = match space {
            ROOT => {
                let root = self.find_package(Family::Ruby, "")?;
                self.members(root, name)
                    .find(|&id| is_value(self.definition(id)))
            }
            space => self.ruby_own(space, name, is_value),
        };
        found.map(Value::Definition)
    }

    /// Returns a method of the values of the class that a definition opens.
    pub(crate) fn ruby_method_of(&self, class: u32, name: Name) -> Option<u32> {
        self.ruby_method(self.ruby.space(class)?, name)
    }

    /// Returns a method of a value of the only class of a name; for names that say
    /// what they hold (`line_item`).
    pub(crate) fn ruby_method_of_named(&self, class: Name, name: Name) -> Option<u32> {
        let mut spaces = self
            .by_name
            .get(&class)?
            .iter()
            .filter_map(|&id| self.ruby.space(id));
        let first = spaces.next()?;
        match spaces.all(|space| space == first) {
            true => self.ruby_method(first, name),
            false => None,
        }
    }
}

impl<'g> Evaluation<'_, 'g> {
    /// Returns the space that the code belongs to, and whether it is code of the
    /// class itself and not of its values.
    fn ruby_self(&self, here: Standing) -> Option<(u32, bool)> {
        let file = self.source(here.file);
        let mut is_static = None;
        let mut scope = here.scope;
        loop {
            let id = file.base + scope.0;
            let definition = self.index.definition(id);
            if definition.kind.is_callable() && is_static.is_none() {
                is_static = Some(definition.is_static);
                if let Some(owner) = self.index.owner.get(&id) {
                    return Some((self.index.ruby.space(*owner)?, true));
                }
            }
            if let Some(space) = self.index.ruby.space(id) {
                return Some((space, is_static.unwrap_or(!here.is_of_value)));
            }
            if scope == LocalId::FILE {
                return None;
            }
            scope = definition.container;
        }
    }

    /// `self`
    pub(crate) fn ruby_this(&self, here: Standing) -> Value {
        let Some((space, is_static)) = self.ruby_self(here) else {
            return Value::Unknown;
        };
        match self.index.ruby.all[space as usize].parts.first() {
            Some(&first) if is_static => Value::Definition(first),
            Some(&first) => Value::Instance(first),
            None => Value::Unknown,
        }
    }

    /// Looks a bare name up: a local one, a constant, a method of the own object.
    pub(crate) fn ruby_name(&mut self, spoken: Spoken, here: Standing) -> Value {
        let name = spoken.everywhere;
        let text = self.text(name);
        if text == "Self" {
            return match self.ruby_this(here) {
                Value::Instance(class) => Value::Definition(class),
                value => value,
            };
        }
        if is_constant(text)
            && let Some(found) = self.ruby_lexical(name, here)
        {
            return found;
        }
        if !here.is_type
            && let Some(found) = self.local(spoken, here.scope, here)
        {
            return found;
        }
        if is_constant(text) {
            return Value::External;
        }
        let at_top = |this: &Self, fits: &dyn Fn(DefinitionKind) -> bool| {
            let base = this.source(here.file).base;
            let mut found = this.index.members(base, name);
            found.find(|&id| fits(this.index.kind(id)))
        };
        let Some((space, is_static)) = self.ruby_self(here) else {
            // What is at the top of a file, and in the blocks there.
            return match at_top(self, &|_| true) {
                Some(found) => Value::Definition(found),
                None => self.ruby_missing(text, false),
            };
        };
        let found = match is_static {
            true => self.index.ruby_singleton(space, name),
            false => self.index.ruby_method(space, name),
        };
        let found = found.or_else(|| at_top(self, &DefinitionKind::is_callable));
        match found {
            Some(found) => Value::Definition(found),
            None => {
                let space_of = &self.index.ruby.all[space as usize];
                // What takes a module in is not known here.
                let is_whole = space_of.is_whole || !self.index.ruby.is_class(self.index, space);
                self.ruby_missing(text, !is_whole)
            }
        }
    }

    fn ruby_missing(&self, text: &str, may_be_elsewhere: bool) -> Value {
        match may_be_elsewhere || RUBY_METHODS.contains(&text) {
            true => Value::External,
            false => Value::Unknown,
        }
    }

    /// Looks a constant up: where it is written, outwards; in the ancestors of the
    /// innermost; at the root.
    fn ruby_lexical(&self, name: Name, here: Standing) -> Option<Value> {
        let file = self.source(here.file);
        let mut innermost = None;
        let mut scope = here.scope;
        while scope != LocalId::FILE {
            if let Some(space) = self.index.ruby.space(file.base + scope.0) {
                if let Some(found) = self.index.ruby_constant(space, name) {
                    return Some(found);
                }
                innermost = innermost.or(Some(space));
            }
            scope = file.facts.definitions[scope.index()].container;
        }
        let inherited = innermost.and_then(|space| {
            let line = self.index.ruby.all[space as usize].line.iter().skip(1);
            line.copied()
                .find_map(|space| self.index.ruby_constant(space, name))
        });
        inherited.or_else(|| self.index.ruby_constant(ROOT, name))
    }

    /// What `A::B` and `a.b` mean; none where the object has to be looked at.
    pub(crate) fn ruby_member_expression(
        &mut self,
        object: ExpressionId,
        name: Name,
        here: Standing,
    ) -> Option<Value> {
        let file = self.source(here.file);
        match file.facts.expression(object) {
            Expression::Module(_) => Some(
                self.index
                    .ruby_constant(ROOT, name)
                    .unwrap_or(Value::External),
            ),
            Expression::Super => {
                let (space, is_static) = self.ruby_self(here)?;
                let found = self.index.ruby_above(space, name, is_static);
                Some(found.map_or(Value::External, Value::Definition))
            }
            _ if is_constant(self.text(name)) => {
                // A namespace that only paths of files speak of has no definition.
                let (names, is_from_root) = path_of(&file.facts, object);
                let (first, rest) = names.split_first()?;
                if is_from_root || !is_constant(file.facts.text(*first)) {
                    return None;
                }
                let child = |space: u32, name: &Name| {
                    self.index.ruby.child(space, file.names[name.index()])
                };
                let mut at = child(ROOT, first)?;
                for name in rest {
                    at = child(at, name)?;
                }
                let has_parts = !self.index.ruby.all[at as usize].parts.is_empty();
                match has_parts {
                    true => None,
                    false => self.index.ruby_constant(at, name),
                }
            }
            _ => None,
        }
    }

    /// Looks a member of a class, of a module or of a value of one up.
    pub(crate) fn ruby_member(&self, object: Value, space: u32, name: Name) -> Value {
        let text = self.text(name);
        let whole = &self.index.ruby.all[space as usize];
        let found = match object {
            Value::Definition(_) if is_constant(text) => {
                let mut line = whole.line.iter();
                let constant = line.find_map(|&space| self.index.ruby_constant(space, name));
                if let Some(constant) = constant {
                    return constant;
                }
                self.index.ruby_singleton(space, name)
            }
            Value::Definition(_) | Value::Holder(_) => self.index.ruby_singleton(space, name),
            _ => self.index.ruby_method(space, name),
        };
        // `attr_accessor :a` makes `a=` as well.
        if found.is_none()
            && let Some(read) = text.strip_suffix('=')
            && read.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && let Some(read) = self.index.graph.names.find(read)
        {
            return self.ruby_member(object, space, read);
        }
        match found {
            Some(found) => Value::Definition(found),
            None if text.starts_with('@') => Value::Unknown,
            None => self.ruby_missing(text, !whole.is_whole),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::snake_case;

    #[test]
    fn names_of_classes_become_names_of_files() {
        for (class, file) in [
            ("Issue", "issue"),
            ("LineItem", "line_item"),
            ("HTTPClient", "http_client"),
            ("I18n", "i18n"),
        ] {
            assert_eq!(snake_case(class), file);
        }
    }
}
