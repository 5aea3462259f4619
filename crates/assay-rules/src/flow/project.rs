//! The program under analysis: its files, lowered, and what they declare to
//! each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use assay_source::RepoPath;

use super::hash::{HashMap, HashSet};
use super::ir::{
    Block, Class, Function, FunctionId, FunctionKind, Name, Op, ParamKind, Slot, Stmt, StmtKind,
    Unit,
};
use super::model::Models;
use super::reach::Reach;
use super::template::Templates;

/// A call has at most so many targets; beyond that the first ones count.
pub(crate) const TARGETS_MAX: usize = 4;

/// Hierarchies are followed so far.
const ANCESTORS_MAX: usize = 24;

/// A function of the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) unit: u32,
    pub(crate) function: FunctionId,
}

/// All files that are analysed together.
pub(crate) struct Project {
    pub(crate) units: Vec<Arc<Unit>>,
    /// By qualified name; a class may be declared in several parts.
    classes: HashMap<Name, Vec<(u32, usize)>>,
    /// The methods of each class by name; those without a body do not count.
    methods: HashMap<Name, HashMap<Name, Vec<Target>>>,
    /// How the functions of each file are called.
    signatures: Vec<Vec<Signature>>,
    /// The names of all methods of classes.
    method_names: HashSet<Name>,
    /// The members that are read or set with a method.
    accessors: HashSet<Name>,
    /// Functions outside of classes, by qualified name.
    functions: HashMap<Name, Target>,
    /// Functions that are called as if they were methods, by bare name.
    extensions: HashMap<Name, Vec<Target>>,
    subclasses: HashMap<Name, Vec<Name>>,
    /// Files that set what goes by a qualified name at their top level.
    globals: HashMap<Name, u32>,
    /// Names of modules and the folders that they are in, the longest first.
    roots: Vec<(String, String)>,
    /// Files whose top level has a name, by package.
    modules: HashMap<Name, u32>,
    /// Other names of things: exports and what they mean.
    aliases: HashMap<Name, Name>,
    /// The names of folders and modules of languages whose imports may begin in any
    /// folder around the file.
    folders: HashSet<Name>,
    /// Files that hand out all that others do, by package.
    hands_on: HashMap<Name, Name>,
    /// How the names in both begin.
    alias_roots: HashSet<Name>,
    /// Variables outside of functions, and captured ones, that functions set.
    pub(crate) changing: HashSet<Name>,
    /// Members that are set anywhere but in constructors.
    pub(crate) stored: HashSet<Name>,
    /// Files of key-value pairs, by file name.
    properties: BTreeMap<String, BTreeMap<String, String>>,
    /// The templates that functions fill.
    pub(crate) templates: Templates,
    /// Which functions are worth running.
    pub(crate) reach: Reach,
}

impl Project {
    /// Links files.
    pub(crate) fn new(
        units: Vec<Arc<Unit>>,
        properties: BTreeMap<String, BTreeMap<String, String>>,
    ) -> Self {
        let mut this = Self {
            units: Vec::new(),
            classes: HashMap::default(),
            methods: HashMap::default(),
            method_names: HashSet::default(),
            accessors: HashSet::default(),
            signatures: Vec::new(),
            functions: HashMap::default(),
            extensions: HashMap::default(),
            subclasses: HashMap::default(),
            globals: HashMap::default(),
            roots: roots(&properties),
            modules: HashMap::default(),
            aliases: HashMap::default(),
            folders: HashSet::default(),
            hands_on: HashMap::default(),
            alias_roots: HashSet::default(),
            changing: HashSet::default(),
            stored: HashSet::default(),
            properties,
            templates: Templates::default(),
            reach: Reach::default(),
        };
        for (module, _) in &this.roots {
            this.alias_roots.insert(Name::from(root(module)));
        }
        for (at, unit) in units.iter().enumerate() {
            this.declare(at as u32, unit);
        }
        // Names mean what all files together say.
        let mut known: HashSet<(Name, Name)> = HashSet::default();
        for unit in &units {
            for class in &unit.classes {
                for supertype in &class.supertypes {
                    let supertype = this.meant(supertype);
                    if known.insert((supertype.clone(), class.name.clone())) {
                        let below = this.subclasses.entry(supertype).or_default();
                        below.push(class.name.clone());
                    }
                }
            }
        }
        this.units = units;
        this.meet_interfaces();
        this.reach = Reach::new(&this);
        this
    }

    /// Finds what meets the interfaces of languages that do not say so.
    fn meet_interfaces(&mut self) {
        let mut interfaces: Vec<(Name, Vec<Name>)> = Vec::new();
        let mut by_method: HashMap<Name, HashSet<Name>> = HashMap::default();
        for unit in self.units.iter().filter(|unit| unit.open_types) {
            for class in &unit.classes {
                let methods = class.methods.iter();
                let names = methods.map(|id| unit.functions[id.index()].name.clone());
                if class.is_abstract {
                    interfaces.push((class.name.clone(), names.collect()));
                } else {
                    for name in names {
                        by_method
                            .entry(name)
                            .or_default()
                            .insert(class.name.clone());
                    }
                }
            }
        }
        for (interface, methods) in interfaces {
            let Some((first, others)) = methods.split_first() else {
                continue;
            };
            let has = |class: &&Name| {
                let meets = |method| {
                    by_method
                        .get(method)
                        .is_some_and(|all| all.contains(*class))
                };
                others.iter().all(meets)
            };
            let mut classes: Vec<Name> = by_method
                .get(first)
                .into_iter()
                .flatten()
                .filter(has)
                .cloned()
                .collect();
            classes.sort_unstable();
            let known = self.subclasses.entry(interface).or_default();
            known.extend(classes);
        }
    }

    fn declare(&mut self, at: u32, unit: &Unit) {
        self.templates.add(at, unit);
        if unit.is_template {
            self.signatures
                .push(unit.functions.iter().map(Signature::of).collect());
            return;
        }
        if unit.language == "python" {
            let ends = unit.package.match_indices('.').map(|(at, _)| at);
            let all = ends.chain([unit.package.len()]);
            self.folders
                .extend(all.map(|end| Name::from(&unit.package[..end])));
        }
        self.modules.entry(unit.package.clone()).or_insert(at);
        self.modules.entry(unit.module.clone()).or_insert(at);
        for (name, meant) in &unit.aliases {
            let (map, name, meant) = match (name.strip_suffix(".*"), meant.strip_suffix(".*")) {
                (Some(name), Some(meant)) => {
                    (&mut self.hands_on, Name::from(name), Name::from(meant))
                }
                _ => (&mut self.aliases, name.clone(), meant.clone()),
            };
            self.alias_roots.insert(Name::from(root(&name)));
            map.entry(name).or_insert(meant);
        }
        for (place, class) in unit.classes.iter().enumerate() {
            let parts = self.classes.entry(class.name.clone()).or_default();
            parts.push((at, place));
            let methods = self.methods.entry(class.name.clone()).or_default();
            for id in &class.methods {
                let function = &unit.functions[id.index()];
                if !is_bodiless(function) {
                    self.method_names.insert(function.name.clone());
                    if let Some(("get" | "set", member)) = function.name.split_once(' ') {
                        self.accessors.insert(Name::from(member));
                    }
                    let target = Target {
                        unit: at,
                        function: *id,
                    };
                    methods
                        .entry(function.name.clone())
                        .or_default()
                        .push(target);
                }
            }
        }
        let signatures = unit.functions.iter().map(Signature::of);
        self.signatures.push(signatures.collect());
        for stmt in &unit.functions[FunctionId::TOP.index()].body {
            if let StmtKind::StoreGlobal { name, .. } = &stmt.kind {
                self.globals.entry(name.clone()).or_insert(at);
            }
        }
        for (place, function) in unit.functions.iter().enumerate() {
            let target = Target {
                unit: at,
                function: FunctionId(place as u32),
            };
            let is_free = function.class.is_none() && function.parent == Some(FunctionId::TOP);
            let extends = |param: &super::ir::Param| param.kind == ParamKind::Extended;
            if function.params.first().is_some_and(extends) {
                let known = self.extensions.entry(function.name.clone()).or_default();
                known.push(target);
            }
            if is_free && !function.name.is_empty() {
                let name = match function.is_local {
                    true => local_name(&unit.path, &function.name),
                    false => qualified(&unit.package, &function.name),
                };
                self.functions.entry(name).or_insert(target);
            }
            if target.function != FunctionId::TOP {
                let is_setting_up =
                    function.kind == FunctionKind::Constructor || &*function.name == "<fields>";
                self.stores(function, &function.body, is_setting_up);
            }
        }
    }

    /// Notes which variables and members a function sets.
    fn stores(&mut self, function: &Function, block: &Block, is_setting_up: bool) {
        for stmt in block {
            match &stmt.kind {
                StmtKind::Let(slot, op) => {
                    let slot = match op {
                        Op::Ref(variable) => variable,
                        _ => slot,
                    };
                    let is_captured = function.captures.iter().any(|c| c.inner == *slot);
                    let name = function.slots[slot.index()].name.as_ref();
                    if let (true, Some(name)) = (is_captured, name) {
                        self.changing.insert(name.clone());
                    }
                }
                StmtKind::StoreGlobal { name, .. } => {
                    self.changing.insert(name.clone());
                }
                StmtKind::Store { key, .. } if !is_setting_up => {
                    self.stored.insert(key.clone());
                }
                _ => {}
            }
            each_block(stmt, &mut |block| {
                self.stores(function, block, is_setting_up)
            });
        }
    }

    pub(crate) fn unit(&self, at: u32) -> &Arc<Unit> {
        &self.units[at as usize]
    }

    pub(crate) fn function(&self, target: Target) -> &Function {
        &self.units[target.unit as usize].functions[target.function.index()]
    }

    pub(crate) fn signature(&self, target: Target) -> &Signature {
        &self.signatures[target.unit as usize][target.function.index()]
    }

    /// Returns the models for a file's language.
    pub(crate) fn models(&self, unit: u32) -> &Models {
        &self.units[unit as usize].models
    }

    /// Returns a class: the first of its parts.
    pub(crate) fn class(&self, name: &str) -> Option<(u32, &Class)> {
        self.parts(name).next()
    }

    /// Returns the parts of a class.
    fn parts(&self, name: &str) -> impl Iterator<Item = (u32, &Class)> {
        let known = self.classes.get(name);
        let parts = known.or_else(|| self.classes.get(&self.other_name(name)?));
        let parts = parts.into_iter().flatten();
        parts.map(|(unit, class)| (*unit, &self.units[*unit as usize].classes[*class]))
    }

    /// Returns whether the types of a file are open.
    pub(crate) fn has_open_types(&self, unit: u32) -> bool {
        self.units[unit as usize].open_types
    }

    /// Returns the file that sets a variable outside of functions.
    pub(crate) fn global_of(&self, name: &str) -> Option<u32> {
        self.globals.get(name).copied()
    }

    /// Returns the name by the folder for one by the name of a module.
    fn rooted(&self, name: &str) -> Option<Name> {
        self.roots.iter().find_map(|(module, folder)| {
            let rest = name.strip_prefix(module.as_str())?;
            if !rest.starts_with(['/', '.']) {
                return None;
            }
            Some(Name::from(match folder.as_str() {
                "" => rest[1..].to_owned(),
                folder => format!("{folder}{rest}"),
            }))
        })
    }

    /// Returns the name in the project of one that says from which folder it is looked
    /// for, see [`from_folder`].
    pub(crate) fn found_from_folder(&self, name: &str) -> Option<Name> {
        let (folder, path) = name.split_once(FROM_FOLDER)?;
        let first = path.split('.').next().unwrap_or(path);
        let mut folder = Some(folder);
        while let Some(at) = folder {
            for sources in ["", "src", "lib"] {
                let root = qualified(at, sources);
                let root = root.trim_matches('.');
                if self.folders.contains(&qualified(root, first)) {
                    return Some(qualified(root, path));
                }
            }
            folder = match at {
                "" => None,
                at => Some(at.rsplit_once('.').map_or("", |(outer, _)| outer)),
            };
        }
        Some(Name::from(path))
    }

    /// Returns what a name stands for, when that is something else.
    fn other_name(&self, name: &str) -> Option<Name> {
        if let Some(found) = self.found_from_folder(name) {
            return Some(self.meant(&found));
        }
        if !self.alias_roots.contains(root(name)) {
            return None;
        }
        self.alias(name)?;
        Some(self.meant(&Name::from(name)))
    }

    /// Returns the name that a name stands for, when a file hands it out under
    /// another name.
    pub(crate) fn meant(&self, name: &Name) -> Name {
        const ALIASES_MAX: usize = 8;
        let mut name = self.found_from_folder(name).unwrap_or_else(|| name.clone());
        for _ in 0..ALIASES_MAX {
            if self.classes.contains_key(&name) || self.functions.contains_key(&name) {
                break;
            }
            let Some(next) = self.alias(&name) else { break };
            name = next;
        }
        name
    }

    fn alias(&self, name: &str) -> Option<Name> {
        if !self.alias_roots.contains(root(name)) {
            return None;
        }
        if let Some(meant) = self.aliases.get(name) {
            return Some(meant.clone());
        }
        if let Some(meant) = self.rooted(name) {
            return Some(meant);
        }
        // A part of something that goes by another name, and files that hand
        // out all that others do.
        let parts = name.char_indices().rev().filter(|(_, c)| *c == '.');
        parts.into_iter().find_map(|(at, _)| {
            let (whole, rest) = name.split_at(at);
            if let Some(meant) = self.aliases.get(whole) {
                return Some(Name::from(format!("{meant}{rest}")));
            }
            let meant = self.hands_on.get(whole)?;
            Some(Name::from(format!("{meant}{rest}")))
        })
    }

    /// Returns the file whose top level goes by the name.
    pub(crate) fn module(&self, name: &str) -> Option<u32> {
        self.modules.get(name).copied().filter(|_| !name.is_empty())
    }

    /// Returns a function outside of classes.
    pub(crate) fn free_function(&self, name: &str) -> Option<Target> {
        let known = self.functions.get(name);
        let known = known.or_else(|| self.functions.get(&self.other_name(name)?));
        known.copied()
    }

    /// Returns the type and all that it is a kind of, the nearest first: those
    /// of the project and those that models tell.
    pub(crate) fn lineage(&self, models: &Models, name: &Name) -> Vec<Name> {
        let mut found = vec![models.canonical(&self.meant(name))];
        let mut at = 0;
        while at < found.len() && found.len() < ANCESTORS_MAX {
            let name = found[at].clone();
            let own = self.parts(&name).flat_map(|(_, class)| &class.supertypes);
            let modelled = models
                .types
                .get(&name)
                .map_or(&[][..], |model| &model.supertypes);
            for supertype in own.chain(modelled) {
                let supertype = models.canonical(&self.meant(supertype));
                if !found.contains(&supertype) {
                    found.push(supertype);
                }
            }
            at += 1;
        }
        found
    }

    /// Returns whether any class has a method of the name.
    pub(crate) fn has_method(&self, name: &str) -> bool {
        self.method_names.contains(name)
    }

    /// Returns whether any class has a method that reads or sets the member.
    pub(crate) fn has_accessor(&self, member: &str) -> bool {
        self.accessors.contains(member)
    }

    /// Returns the methods that a call on exactly this class reaches.
    pub(crate) fn methods(&self, class: &str, name: &str, arity: usize) -> Vec<Target> {
        if !self.has_method(name) {
            return Vec::new();
        }
        let mut left = vec![Name::from(class)];
        let mut seen = 0;
        while let Some(class) = left.pop() {
            seen += 1;
            if seen > ANCESTORS_MAX {
                break;
            }
            let own = self.own_methods(&class, name, arity);
            if !own.is_empty() {
                return own;
            }
            let before = left.len();
            for (_, known) in self.parts(&class) {
                left.extend(known.supertypes.iter().cloned());
            }
            left[before..].reverse();
        }
        Vec::new()
    }

    /// Returns the first method of the name that a class declares.
    pub(crate) fn method_named(&self, class: &str, name: &str) -> Option<Target> {
        let (unit, known) = self.class(class)?;
        let functions = &self.units[unit as usize].functions;
        let mut methods = known.methods.iter();
        let function = *methods.find(|id| &*functions[id.index()].name == name)?;
        Some(Target { unit, function })
    }

    /// Returns the functions of the name that are called as if they were
    /// methods: those of the receiver's types where there are any.
    pub(crate) fn extensions(&self, name: &str, types: &[Name], arity: usize) -> Vec<Target> {
        let Some(all) = self.extensions.get(name) else {
            return Vec::new();
        };
        let fits: Vec<Target> = all
            .iter()
            .copied()
            .filter(|target| {
                let signatures = &self.signatures[target.unit as usize];
                signatures[target.function.index()].takes(arity)
            })
            .collect();
        let is_own = |target: &Target| {
            let ty = &self.function(*target).params[0].ty;
            ty.as_ref()
                .is_some_and(|ty| types.contains(&self.meant(ty)))
        };
        let own: Vec<Target> = fits.iter().copied().filter(is_own).collect();
        let mut chosen = if own.is_empty() { fits } else { own };
        chosen.truncate(TARGETS_MAX);
        chosen
    }

    fn own_methods(&self, class: &str, name: &str, arity: usize) -> Vec<Target> {
        let Some((_, known)) = self.class(class) else {
            return Vec::new();
        };
        let named = self.methods.get(&known.name).and_then(|all| all.get(name));
        let Some(named) = named else {
            return Vec::new();
        };
        let fits = |target: &&Target| {
            let signatures = &self.signatures[target.unit as usize];
            signatures[target.function.index()].takes(arity)
        };
        let mut chosen: Vec<Target> = named.iter().filter(fits).copied().collect();
        if chosen.is_empty() && named.len() == 1 {
            chosen.clone_from(named);
        }
        chosen.truncate(TARGETS_MAX);
        chosen
    }

    /// Returns the methods that a call on something of this declared type can
    /// reach: its own and those of its subclasses.
    pub(crate) fn virtual_methods(&self, class: &str, name: &str, arity: usize) -> Vec<Target> {
        if !self.has_method(name) {
            return Vec::new();
        }
        let class = &self.other_name(class).unwrap_or_else(|| Name::from(class));
        let mut found = self.methods(class, name, arity);
        let mut left: Vec<&Name> = self.subclasses.get(class).into_iter().flatten().collect();
        let mut seen = 0;
        while let Some(class) = left.pop() {
            seen += 1;
            if found.len() >= TARGETS_MAX || seen > ANCESTORS_MAX {
                break;
            }
            for target in self.own_methods(class, name, arity) {
                if !found.contains(&target) && found.len() < TARGETS_MAX {
                    found.push(target);
                }
            }
            left.extend(self.subclasses.get(class).into_iter().flatten());
        }
        found
    }

    /// Returns the declared type of a member of a class.
    pub(crate) fn member_type(&self, class: &str, member: &str) -> Option<Name> {
        let mut left = vec![Name::from(class)];
        for _ in 0..ANCESTORS_MAX {
            for (_, known) in self.parts(&left.pop()?) {
                if let Some(field) = known.fields.iter().find(|field| &*field.name == member) {
                    return field.ty.as_ref().map(|ty| self.meant(ty));
                }
                left.extend(known.supertypes.iter().cloned());
            }
        }
        None
    }

    /// Returns what a key stands for in the files of key-value pairs: in the
    /// named file, or in whichever has it.
    pub(crate) fn property(&self, file: Option<&str>, key: &str) -> Vec<&str> {
        let file = file.map(|file| file.rsplit(['/', '\\']).next().unwrap_or(file));
        if let Some(pairs) = file.and_then(|file| self.properties.get(file)) {
            return pairs.get(key).map(String::as_str).into_iter().collect();
        }
        let all = self.properties.values();
        all.filter_map(|pairs| pairs.get(key).map(String::as_str))
            .collect()
    }
}

/// Returns the names of modules with their folders: what `go.mod` files say,
/// and the manifests of crates.
fn roots(properties: &BTreeMap<String, BTreeMap<String, String>>) -> Vec<(String, String)> {
    let mut roots: Vec<(String, String)> = properties
        .iter()
        .filter_map(|(path, pairs)| {
            let folder = match path.strip_suffix("Cargo.toml") {
                Some(folder) => format!("{folder}src"),
                None => path
                    .strip_suffix("go.mod")?
                    .trim_end_matches('/')
                    .to_owned(),
            };
            Some((pairs.get("module")?.clone(), folder))
        })
        .collect();
    roots.sort_unstable_by_key(|(module, _)| std::cmp::Reverse(module.len()));
    roots
}

/// Returns the name under which other files know something of a package.
pub(crate) fn qualified(package: &str, name: &str) -> Name {
    match package {
        "" => Name::from(name),
        package => Name::from(format!("{package}.{name}")),
    }
}

/// Stands between a folder and the name of a module that is looked for in it, and in
/// the folders around it.
const FROM_FOLDER: &str = "/:";

/// Returns the name of something that is looked for from a folder on.
pub(crate) fn from_folder(folder: &str, path: &str) -> String {
    format!("{folder}{FROM_FOLDER}{path}")
}

/// Returns the name by which only its own file knows something.
pub(crate) fn local_name(path: &RepoPath, name: &str) -> Name {
    Name::from(format!("{path}#{name}"))
}

/// Calls back for each block directly in a statement.
pub(crate) fn each_block<'u>(stmt: &'u Stmt, callback: &mut impl FnMut(&'u Block)) {
    match &stmt.kind {
        StmtKind::If {
            then, otherwise, ..
        } => {
            callback(then);
            callback(otherwise);
        }
        StmtKind::Logical { right, .. } => callback(right),
        StmtKind::Loop {
            head, body, step, ..
        } => {
            callback(head);
            callback(body);
            callback(step);
        }
        StmtKind::Each { body, .. }
        | StmtKind::Labelled { body, .. }
        | StmtKind::Default { body, .. } => callback(body),
        StmtKind::Switch { arms, .. } => {
            for arm in arms {
                callback(&arm.head);
                callback(&arm.body);
            }
        }
        StmtKind::Try {
            body,
            handlers,
            otherwise,
            finally,
        } => {
            callback(body);
            for handler in handlers {
                callback(&handler.body);
            }
            callback(otherwise);
            callback(finally);
        }
        _ => {}
    }
}

/// How a function is called.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Arguments by position: as many as there must be, and may be.
    needed: usize,
    plain: usize,
    has_rest: bool,
    /// Whether each parameter is assigned in the function.
    pub(crate) assigned: Vec<bool>,
}

impl Signature {
    fn of(function: &Function) -> Self {
        let mut assigned = HashSet::default();
        assigned_in(&function.body, &mut assigned);
        let with_default: HashSet<Slot> = function
            .body
            .iter()
            .filter_map(|stmt| match &stmt.kind {
                StmtKind::Default { param, .. } => Some(*param),
                _ => None,
            })
            .collect();
        let params = function.params.iter();
        let plain = params.clone().filter(|p| p.kind == ParamKind::Plain);
        let is_extended = |p: &&super::ir::Param| p.kind == ParamKind::Extended;
        let extended = params.clone().filter(is_extended).count();
        Self {
            needed: plain
                .clone()
                .filter(|p| !with_default.contains(&p.slot))
                .count(),
            plain: plain.count() + extended,
            has_rest: params.clone().any(|p| p.kind == ParamKind::Rest),
            assigned: params.map(|p| assigned.contains(&p.slot)).collect(),
        }
    }

    /// Returns whether the function takes so many arguments by position.
    fn takes(&self, arity: usize) -> bool {
        arity >= self.needed && (arity <= self.plain || self.has_rest)
    }
}

/// Collects the variables that are assigned in a block.
fn assigned_in(block: &Block, slots: &mut HashSet<Slot>) {
    for stmt in block {
        if let StmtKind::Let(slot, _) = &stmt.kind {
            slots.insert(*slot);
        }
        each_block(stmt, &mut |inner| assigned_in(inner, slots));
    }
}

/// Returns how a qualified name begins.
fn root(name: &str) -> &str {
    name.split(['.', '/']).next().unwrap_or(name)
}

/// Returns whether a method was declared without a body.
fn is_bodiless(function: &Function) -> bool {
    matches!(
        function.body.as_slice(),
        [
            Stmt {
                kind: StmtKind::Let(_, Op::Unknown),
                ..
            },
            Stmt {
                kind: StmtKind::Return(_),
                ..
            }
        ]
    )
}
