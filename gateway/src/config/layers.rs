//! Which files make the configuration, weakest first.

use std::path::{Path, PathBuf};

use super::problem::{Problem, Problems};
use super::source::{FILES_MAX, Source, SourceKind, Sources};

/// The site package's file.
pub const SITE: &str = "/usr/lib/vestibule/site.toml";
/// The file people write.
pub const MAIN: &str = "/etc/vestibule/vestibule.toml";
/// Further files people write, in the order of their names.
pub const CONF_D: &str = "/etc/vestibule/conf.d";
/// What the walk test found out: mapping and polarity.
pub const LEARNED: &str = "/var/lib/vestibule/learned.toml";

/// Name of the folder beside a configuration file that holds device models of an installer's own.
pub const PROFILES: &str = "profiles";
/// The same where people write.
pub const OWN_PROFILES: &str = "/etc/vestibule/profiles";
/// Most of them: a building has a handful of kinds of devices.
pub const PROFILES_MAX: usize = 32;

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layers {
    /// The four places of an installed gateway; each may be missing, not all.
    Installed,
    /// These files and folders only, in this order.
    Given(Vec<PathBuf>),
}

impl Layers {
    /// What `--config` options mean.
    #[must_use]
    pub fn from_options(options: &[PathBuf]) -> Self {
        match options {
            [] => Self::Installed,
            given => Self::Given(given.to_vec()),
        }
    }

    /// Reads all files; what cannot be read is a problem.
    pub fn read(&self, problems: &Problems) -> Sources {
        let paths = match self {
            Self::Installed => installed(Path::new("/"), problems),
            Self::Given(given) => given.iter().flat_map(|path| expand(path, problems)).collect(),
        };
        if paths.is_empty() {
            let help = format!("write {MAIN}, or name a file with --config");
            problems.add(Problem::error(None, "there is no configuration file").help(help));
        }
        if paths.len() > FILES_MAX {
            let message = format!("{} configuration files; at most {FILES_MAX} are read", paths.len());
            problems.add(Problem::error(None, message));
        }
        let read = |path: &PathBuf, kind| {
            Source::read(path, kind).map_err(|e| problems.add(Problem::error(None, e.to_string()))).ok()
        };
        let layers = paths.iter().take(FILES_MAX).filter_map(|path| read(path, SourceKind::Layer));
        let profiles = self.profiles(problems);
        layers.chain(profiles.iter().filter_map(|path| read(path, SourceKind::Profile))).collect()
    }

    /// Files of device models: `profiles/*.toml` beside each file that people write.
    fn profiles(&self, problems: &Problems) -> Vec<PathBuf> {
        let beside: Vec<&Path> = match self {
            Self::Installed => vec![Path::new(SITE), Path::new(MAIN)],
            Self::Given(given) => given.iter().map(PathBuf::as_path).collect(),
        };
        let mut folders: Vec<PathBuf> =
            beside.iter().filter_map(|path| Some(path.parent()?.join(PROFILES))).collect();
        folders.dedup();
        folders.retain(|folder| folder.is_dir());
        let mut paths: Vec<PathBuf> = folders.iter().flat_map(|folder| expand(folder, problems)).collect();
        if paths.len() > PROFILES_MAX {
            let message = format!("{} device profiles; at most {PROFILES_MAX} are read", paths.len());
            problems.add(Problem::error(None, message));
            paths.truncate(PROFILES_MAX);
        }
        paths
    }
}

/// The layers of an installed gateway that are there, under a root folder.
fn installed(root: &Path, problems: &Problems) -> Vec<PathBuf> {
    let under = |path: &str| root.join(path.trim_start_matches('/'));
    let mut paths = vec![under(SITE), under(MAIN)];
    let conf_d = under(CONF_D);
    if conf_d.is_dir() {
        paths.extend(expand(&conf_d, problems));
    }
    paths.push(under(LEARNED));
    paths.retain(|path| path.exists());
    paths
}

/// A folder stands for its `*.toml` files in the order of their names.
fn expand(path: &Path, problems: &Problems) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut files: Vec<PathBuf> = match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(error) => {
            problems.add(Problem::error(None, format!("cannot list {}: {error}", path.display())));
            return Vec::new();
        }
    };
    files.retain(|file| file.extension().is_some_and(|e| e == "toml") && file.is_file());
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_come_weakest_first_and_missing_ones_are_skipped() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let file = root.path().join(path.trim_start_matches('/'));
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "").unwrap();
            file
        };
        let learned = write(LEARNED);
        let second = write("/etc/vestibule/conf.d/20-b.toml");
        let first = write("/etc/vestibule/conf.d/10-a.toml");
        write("/etc/vestibule/conf.d/10-a.toml.bak");
        let site = write(SITE);
        let problems = Problems::default();
        assert_eq!(installed(root.path(), &problems), [site, first, second, learned]);
        assert_eq!(problems.errors(), 0);
    }

    #[test]
    fn missing_given_file_is_a_problem() {
        let problems = Problems::default();
        let sources = Layers::Given(vec!["/nowhere/x.toml".into()]).read(&problems);
        assert!(sources.is_empty());
        assert_eq!(problems.errors(), 1);
    }
}
