//! All models that a configuration may name: the built-in ones, and an installer's profiles beside them.

use std::sync::{Arc, OnceLock};

use super::{
    Model, discrete_inputs, ebyte_ma01, eletechsup_relay, kerong, lock_8a, profile, waveshare_relay, winnsen,
    wkly,
};

/// The built-in register maps.
pub(super) const PROFILES: [&str; 10] = [
    include_str!("../../profiles/carel-ir33.toml"),
    include_str!("../../profiles/comwintop-8pt.toml"),
    include_str!("../../profiles/danfoss-ekc-202d.toml"),
    include_str!("../../profiles/danfoss-erc-211.toml"),
    include_str!("../../profiles/dixell-xr.toml"),
    include_str!("../../profiles/eliwell-idplus.toml"),
    include_str!("../../profiles/md02-shtc3.toml"),
    include_str!("../../profiles/pt100-8.toml"),
    include_str!("../../profiles/r4dcb08.toml"),
    include_str!("../../profiles/xy-md02.toml"),
];

/// Boards that installers ask for and that are not offered, with the reason.
pub const NOT_OFFERED: [(&str, &str); 2] = [
    (
        "lc-tech-relay",
        "LC-tech relay boards cannot time a pulse: one whose master dies between on and off cooks its lock; their inputs are read \
         as discrete-inputs-4 or discrete-inputs-8, once they are given an address of 1 to 247 (they leave the works at 255)",
    ),
    (
        "4-relay-plate",
        "the cheap plate with coils from 1 and 0x0100 for on cannot time a pulse: one whose master dies between on and off cooks \
         its lock",
    ),
];

/// Models by name. Cloning it is cheap.
#[derive(Clone, PartialEq, Eq)]
pub struct Catalogue(Arc<[Model]>);

/// A profile has the name of another model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shadowed(pub String);

impl Default for Catalogue {
    /// The built-in models.
    fn default() -> Self {
        static BUILT_IN: OnceLock<Catalogue> = OnceLock::new();
        BUILT_IN.get_or_init(built_in).clone()
    }
}

fn built_in() -> Catalogue {
    let mut all = discrete_inputs::models();
    all.extend(ebyte_ma01::models());
    all.extend(eletechsup_relay::models());
    all.extend(kerong::models());
    all.extend(lock_8a::models());
    all.extend(waveshare_relay::models());
    all.extend(winnsen::models());
    all.extend(wkly::models());
    all.extend(PROFILES.iter().filter_map(|text| profile::parse(text).ok()));
    all.sort_by(|a, b| a.name().cmp(b.name()));
    Catalogue(all.into())
}

impl Catalogue {
    /// All models, in alphabetical order.
    #[must_use]
    pub fn models(&self) -> &[Model] {
        &self.0
    }

    /// The model of that name; none when there is none.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        let place = self.0.binary_search_by(|model| model.name().cmp(name)).ok()?;
        self.0.get(place)
    }

    /// The same with one model more.
    ///
    /// # Errors
    /// [`Shadowed`] where a model of that name is there: a building must not find another device behind a name it knows.
    pub fn with(&self, model: Model) -> Result<Self, Shadowed> {
        match self.0.binary_search_by(|known| known.name().cmp(model.name())) {
            Ok(_) => Err(Shadowed(model.name().to_owned())),
            Err(place) => {
                let (before, after) = self.0.split_at(place);
                Ok(Self(before.iter().chain([&model]).chain(after).cloned().collect()))
            }
        }
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(Model::name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_is_good() {
        for text in PROFILES {
            let model = profile::parse(text).unwrap_or_else(|flaws| panic!("{flaws:#?}\n{text}"));
            assert!(Catalogue::default().model(model.name()).is_some());
        }
    }

    #[test]
    fn profile_is_refused_when_its_name_is_taken() {
        let built_in = Catalogue::default();
        let taken = built_in.model("xy-md02").unwrap().clone();
        assert_eq!(built_in.with(taken).map(|_| ()), Err(Shadowed("xy-md02".into())));
        let own = profile::parse(&PROFILES[9].replace("\"xy-md02\"", "\"cellar\"")).unwrap();
        let more = built_in.with(own).unwrap();
        assert_eq!(more.models().len(), built_in.models().len() + 1);
        assert!(more.model("cellar").is_some() && built_in.model("cellar").is_none());
        assert!(more.models().is_sorted_by_key(Model::name));
    }

    #[test]
    fn what_is_not_offered_is_no_model() {
        for (name, _) in NOT_OFFERED {
            assert!(Catalogue::default().model(name).is_none());
        }
    }
}
