//! The modules of the crate and which of them import which.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path as FilePath;
use std::{fs, io};

use super::paths::{self, Path};
use super::source;

/// Every module's code, by its path in the crate (`store::hot`); the crate root is "".
pub(crate) struct House {
    code: BTreeMap<String, String>,
    main: String,
    /// For each module, the names it re-exports and the paths behind them.
    re_exports: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// The room of a module: the first part of its path.
pub(crate) fn room(module: &str) -> &str {
    module.split("::").next().unwrap_or(module)
}

/// Whether the module is that one, or inside it.
pub(crate) fn is_within(module: &str, outer: &str) -> bool {
    module
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

fn join(module: &str, name: &str) -> String {
    if module.is_empty() {
        name.to_owned()
    } else {
        format!("{module}::{name}")
    }
}

impl House {
    /// All files under a folder.
    pub(crate) fn read(folder: &str) -> Self {
        let mut files = Vec::new();
        collect(FilePath::new(folder), "", &mut files).unwrap();
        Self::of(files)
    }

    /// These files, by their path under `src`.
    pub(crate) fn of(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut house = Self {
            code: BTreeMap::new(),
            main: String::new(),
            re_exports: BTreeMap::new(),
        };
        let mut tests = Vec::new();
        for (file, text) in files {
            let (code, test_files) = source::without_tests(&source::code(&text));
            let module = module_of(&file);
            tests.extend(test_files.iter().map(|name| join(&module, name)));
            if file == "main.rs" {
                house.main = code;
            } else {
                house.code.insert(module, code);
            }
        }
        house
            .code
            .retain(|module, _| !tests.iter().any(|test| is_within(module, test)));
        house.note_re_exports();
        house
    }

    /// The rooms there are.
    pub(crate) fn rooms(&self) -> BTreeSet<String> {
        self.modules()
            .map(|module| room(module).to_owned())
            .collect()
    }

    /// Which module imports which.
    pub(crate) fn edges(&self) -> BTreeSet<(&str, &str)> {
        let mut edges = BTreeSet::new();
        for from in self.modules() {
            for path in paths::paths(&self.code[from], &["crate", "super", "self"]) {
                if let Some((to, _)) = self.code.get_key_value(&self.resolve(from, &path.segments))
                    && from != to
                {
                    edges.insert((from, to.as_str()));
                }
            }
        }
        edges
    }

    /// Circles of imports, one for each module that is in one. That a module uses those inside it
    /// is no import; that they use its items is.
    pub(crate) fn cycles(&self) -> Vec<String> {
        let mut next: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (from, to) in self.edges() {
            if !is_within(to, from) {
                next.entry(from).or_default().push(to);
            }
        }
        let mut known: BTreeSet<&str> = BTreeSet::new();
        let mut cycles = Vec::new();
        for start in self.modules() {
            if let Some(way) = way_back(start, &next)
                && !known.contains(start)
            {
                known.extend(&way);
                cycles.push(format!("{} -> {start}", way.join(" -> ")));
            }
        }
        cycles
    }

    /// The modules that name this crate or path.
    pub(crate) fn naming(&self, name: &str) -> Vec<&str> {
        let wanted: Vec<&str> = name.split("::").collect();
        let names = |code: &str| {
            let mut paths = paths::paths(code, &wanted[..1]).into_iter();
            paths.any(|path| {
                path.segments
                    .iter()
                    .zip(&wanted)
                    .filter(|(a, b)| a == b)
                    .count()
                    == wanted.len()
            })
        };
        let main = names(&self.main).then_some("main");
        self.code
            .iter()
            .filter(|(_, code)| names(code))
            .map(|(at, _)| at.as_str())
            .chain(main)
            .collect()
    }

    /// The modules whose code has this word.
    pub(crate) fn modules_with_word(&self, word: &str) -> Vec<&str> {
        self.modules()
            .filter(|module| paths::has_word(&self.code[*module], word))
            .collect()
    }

    /// The rooms that `main.rs` names.
    pub(crate) fn named_by_main(&self) -> Vec<String> {
        let paths = paths::paths(&self.main, &["lanyard"]).into_iter();
        paths
            .filter_map(|path| path.segments.get(1).cloned())
            .collect()
    }

    fn modules(&self) -> impl Iterator<Item = &str> {
        self.code
            .keys()
            .map(String::as_str)
            .filter(|module| !module.is_empty())
    }

    fn note_re_exports(&mut self) {
        let mut all = BTreeMap::new();
        for (module, code) in &self.code {
            let children = self.modules().filter(|child| parent(child) == module);
            let mut roots: Vec<&str> = children
                .filter_map(|child| child.rsplit("::").next())
                .collect();
            roots.extend(["crate", "super", "self"]);
            let named = paths::paths(code, &roots)
                .into_iter()
                .filter(|path| path.is_re_export);
            let by_name = named
                .filter_map(|Path { segments, .. }| Some((segments.last()?.clone(), segments)));
            all.insert(module.clone(), by_name.collect());
        }
        self.re_exports = all;
    }

    /// The module that a path leads to; a re-exported thing leads to where it comes from.
    fn resolve(&self, from: &str, segments: &[String]) -> String {
        let mut at = from.to_owned();
        for (index, segment) in segments.iter().enumerate() {
            match segment.as_str() {
                "crate" => at.clear(),
                "super" => at = parent(&at).to_owned(),
                "self" => {}
                name if self.code.contains_key(&join(&at, name)) => at = join(&at, name),
                name => {
                    let behind = self.re_exports.get(&at).and_then(|names| names.get(name));
                    // A path that begins with its own name would lead round and round.
                    return match behind.filter(|behind| index > 0 && behind.len() > 1) {
                        Some(behind) => self.resolve(&at, behind),
                        None => at,
                    };
                }
            }
        }
        at
    }
}

fn module_of(file: &str) -> String {
    let path = file.trim_end_matches(".rs").replace('/', "::");
    match path.as_str() {
        "lib" => String::new(),
        path => path.strip_suffix("::mod").unwrap_or(path).to_owned(),
    }
}

fn collect(folder: &FilePath, under: &str, files: &mut Vec<(String, String)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{under}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if entry.path().extension().is_some_and(|end| end == "rs") {
            files.push((name, fs::read_to_string(entry.path())?));
        }
    }
    Ok(())
}

/// The modules on a way from one back to itself, the shortest.
fn way_back<'a>(start: &'a str, next: &BTreeMap<&'a str, Vec<&'a str>>) -> Option<Vec<&'a str>> {
    let mut ways = vec![vec![start]];
    let mut visited = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for to in next.get(way.last()?).into_iter().flatten() {
                if *to == start {
                    return Some(way);
                }
                if visited.insert(*to) {
                    longer.push(way.iter().copied().chain([*to]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}
