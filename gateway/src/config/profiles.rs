//! Device models of an installer's own: `profiles/*.toml` beside the configuration, checked like all of it.

use std::path::PathBuf;

use device_drivers::device::profile::{self, Flaw, PROFILE_BYTES_MAX};
use device_drivers::device::{Catalogue, Model};

use super::layers::Layers;
use super::problem::{Problem, Problems};
use super::source::{Place, Source, SourceKind, Sources};

/// The built-in models, and those of the profiles that are good; what is wrong with others is a problem with its place.
pub fn read(sources: &[Source], problems: &Problems) -> Catalogue {
    own(sources, problems).0
}

/// All models, and which file each of an installer's own came from.
fn own(sources: &[Source], problems: &Problems) -> (Catalogue, Vec<Own>) {
    let (mut catalogue, mut all) = (Catalogue::default(), Vec::new());
    let profiles = sources.iter().enumerate().filter(|(_, source)| source.kind == SourceKind::Profile);
    for (index, source) in profiles {
        let Some(model) = parsed(index, source, problems) else { continue };
        let name = model.name().to_owned();
        match catalogue.with(model) {
            Ok(more) => {
                catalogue = more;
                all.push(Own { model: name, file: source.path.clone() });
            }
            Err(_) => {
                let other =
                    all.iter().find(|own| own.model == name).map(|own| own.file.display().to_string());
                let whose =
                    other.map_or_else(|| "a built-in one".to_owned(), |file| format!("that of {file}"));
                let message = format!("there is a model \"{name}\" already, {whose}");
                let place = Place { source: index, start: 0, end: 1 };
                let help = "give this one another name: nobody must find another device behind a known name";
                problems.add(Problem::error(Some(place), message).help(help));
            }
        }
    }
    (catalogue, all)
}

fn parsed(index: usize, source: &Source, problems: &Problems) -> Option<Model> {
    match profile::parse(&source.text) {
        Ok(model) => Some(model),
        Err(flaws) => {
            flaws.into_iter().for_each(|flaw| problems.add(problem(index, flaw)));
            None
        }
    }
}

fn problem(source: usize, flaw: Flaw) -> Problem {
    let place = Place { source, start: flaw.at.start, end: flaw.at.end };
    let problem = Problem::error(Some(place), flaw.message);
    let problem = match flaw.help {
        Some(help) => problem.help(help),
        None => problem,
    };
    match flaw.guess {
        Some(guess) => problem.did_you_mean(&guess.typed, guess.candidates),
        None => problem,
    }
}

/// A model of an installer's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its name.
    pub model: String,
    /// The file it came from.
    pub file: PathBuf,
}

/// All models that a configuration in these layers may name, which of them are an installer's own, and what is wrong with
/// the profiles. The rest of the configuration does not matter to it.
#[must_use]
pub fn load_models(layers: &Layers) -> (Catalogue, Vec<Own>, Vec<Problem>, Sources) {
    // Whether there is a configuration is no question here.
    let sources = layers.read(&Problems::default());
    let problems = Problems::default();
    let (catalogue, own) = own(&sources, &problems);
    (catalogue, own, problems.into_sorted(), sources)
}

const _: () = assert!(
    PROFILE_BYTES_MAX as u64 <= super::source::FILE_BYTES_MAX,
    "a profile that is too large is told as such by its own bound"
);

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::{Loaded, load, render};
    use super::*;

    const OWN: &str = include_str!("../../../device-drivers/profiles/xy-md02.toml");
    const SITE: &str = "\
        [building]\nid = \"b\"\nname = \"B\"\ntime_zone = \"UTC\"\nsupport = \"1\"\n\
        [[line]]\nid = \"one\"\nport = \"/dev/serial/by-path/one\"\nprotocol = \"modbus-rtu\"\n\
        [[device]]\nid = \"cellar-probe\"\nline = \"one\"\naddress = 1\nmodel = \"cellar\"\n";

    fn loaded(dir: &Path, profiles: &[(&str, &str)]) -> Loaded {
        fs::write(dir.join("vestibule.toml"), SITE).unwrap();
        fs::create_dir_all(dir.join("profiles")).unwrap();
        for (name, text) in profiles {
            fs::write(dir.join("profiles").join(name), text).unwrap();
        }
        load(&Layers::Given(vec![dir.join("vestibule.toml")]))
    }

    fn shown(loaded: &Loaded) -> String {
        loaded.problems.iter().map(|problem| render(problem, &loaded.sources)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn profile_beside_the_configuration_is_a_model_and_part_of_its_digest() {
        let dir = tempfile::tempdir().unwrap();
        let own = OWN.replace("\"xy-md02\"", "\"cellar\"");
        let first = loaded(dir.path(), &[("cellar.toml", &own)]);
        assert!(!shown(&first).contains("cellar"), "{}", shown(&first));
        assert!(first.sources.iter().any(|source| source.kind == SourceKind::Profile));
        let slower = own.replace("period_s = 10", "period_s = 20");
        let second = loaded(dir.path(), &[("cellar.toml", &slower)]);
        assert_ne!(first.sources, second.sources);
        let (models, mine, problems, _) =
            load_models(&Layers::Given(vec![dir.path().join("vestibule.toml")]));
        assert!(models.model("cellar").is_some() && problems.is_empty());
        assert_eq!(mine[0].file, dir.path().join("profiles/cellar.toml"));
    }

    #[test]
    fn model_is_unknown_without_its_profile_and_the_nearest_name_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let own = OWN.replace("\"xy-md02\"", "\"cellars\"");
        let told = shown(&loaded(dir.path(), &[("cellar.toml", &own)]));
        assert!(told.contains("there is no device model \"cellar\""), "{told}");
        assert!(told.contains("did you mean \"cellars\"?"), "{told}");
    }

    #[test]
    fn flaw_of_a_profile_is_told_with_file_line_and_column() {
        let dir = tempfile::tempdir().unwrap();
        let own =
            OWN.replace("\"xy-md02\"", "\"cellar\"").replace("role = \"humidity\"", "role = \"humidty\"");
        let loaded = loaded(dir.path(), &[("cellar.toml", &own)]);
        assert!(loaded.configuration.is_none(), "it is refused");
        let told = shown(&loaded);
        let line = own.lines().position(|line| line.contains("humidty")).unwrap() + 1;
        let place = format!("{}:{line}:8", dir.path().join("profiles/cellar.toml").display());
        assert!(told.contains(&place), "{told}");
        assert!(told.contains("did you mean \"humidity\"?"), "{told}");
    }

    #[test]
    fn known_name_is_never_shadowed() {
        let dir = tempfile::tempdir().unwrap();
        let told = shown(&loaded(dir.path(), &[("mine.toml", OWN)]));
        assert!(told.contains("there is a model \"xy-md02\" already, a built-in one"), "{told}");
        let own = OWN.replace("\"xy-md02\"", "\"cellar\"");
        fs::remove_file(dir.path().join("profiles/mine.toml")).unwrap();
        let told = shown(&loaded(dir.path(), &[("a.toml", &own), ("b.toml", &own)]));
        assert!(told.contains("there is a model \"cellar\" already, that of"), "{told}");
    }
}
