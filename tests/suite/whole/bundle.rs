//! A support bundle holds what helps and no secret, whatever a careless program could have picked up.

pub(super) mod search;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vestibule_demo::house::House;

use search::{Secret, Unpacked, found, typed, unpack};
use vestibule_tests::house::CARRIER;
use vestibule_tests::served::ServedBuilding;

/// What somebody wrote where it does not belong.
const PASSWORD: &str = "Tr0mbone+Lantern/77";

/// A building in which codes were used, with secrets planted everywhere.
struct Careless {
    building: ServedBuilding,
    secrets: Vec<Secret>,
    codes: Vec<String>,
    layer: PathBuf,
    log: PathBuf,
}

/// Every key of the house: the file's text by lines, its bytes, and the number in it.
fn keys(house: &House) -> Vec<Secret> {
    let folders = [house.certificates(), house.spec.folder.join("authority")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let files = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "key"));
    let mut secrets = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let body: Vec<&str> = text.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(body.concat()).unwrap();
        let at = der.windows(2).position(|head| head == [4, 0x20]).expect("the number of a P-256 key");
        let name = path.file_name().unwrap().to_string_lossy();
        secrets.push(Secret::new(&format!("the number of {name}"), &der[at + 2..at + 34]));
        secrets.extend(body.iter().map(|line| Secret::new(&format!("a line of {name}"), line)));
        secrets.push(Secret::new(&format!("{name} as bytes"), der));
    }
    assert!(secrets.len() > 6, "the house has keys");
    secrets
}

impl Careless {
    fn new() -> Self {
        let mut building = ServedBuilding::open(43);
        let (_, used) = building.deposit("4b");
        building.pickup(&used);
        let (label, waiting) = building.deposit("101");
        let reason = ["unlock", &label, "--reason", "Mrs Smithson of 101 has lost her code"];
        building.house.ask(&reason).unwrap();
        let code_key = fs::read(building.house.state().join("code.key")).unwrap();
        let mut secrets = keys(&building.house);
        let line =
            String::from_utf8(secrets.iter().find(|one| one.name.contains("a line")).unwrap().bytes.clone())
                .unwrap();
        let hex: String = code_key.iter().map(|byte| format!("{byte:02x}")).collect();
        secrets.push(Secret::new("the key of all codes", &code_key));
        secrets.push(Secret::new("the password", PASSWORD));
        // In comments of the configuration, and in the name of one of its files.
        let comments = format!("# {PASSWORD}\n# {hex}\n# {line}\n# the courier's code is {}\n", CARRIER.1);
        let layer = building.house.spec.folder.join(format!("10-{hex}.toml"));
        fs::write(&layer, format!("{comments}[log]\nfilter = \"info\" # {PASSWORD}\n")).unwrap();
        // In names of files of the state folder.
        fs::write(building.house.state().join(format!("note-{waiting}-{hex}")), PASSWORD).unwrap();
        // In the log: every secret in every form that is text, and the codes.
        let mut log = building.house.daemon().map(|daemon| daemon.log()).unwrap_or_default();
        for form in secrets.iter().flat_map(Secret::forms) {
            log += &format!("\nWARN careless: value={} was read\n", String::from_utf8_lossy(&form.1));
        }
        for code in [&used, &waiting, CARRIER.1] {
            log += &format!("INFO careless: code={code} {}-{}\n", &code[..3], &code[3..]);
        }
        let path = building.house.spec.folder.join("careless.log");
        fs::write(&path, log).unwrap();
        let codes = vec![used, waiting, CARRIER.1.to_owned()];
        Self { building, secrets, codes, layer, log: path }
    }

    fn bundle(&self, file: &Path) -> Output {
        let mut command = Command::new(&self.building.house.spec.program);
        command
            .arg("support-bundle")
            .arg(file)
            .args(["--json", "--config"])
            .arg(self.building.house.configuration());
        command
            .arg("--config")
            .arg(&self.layer)
            .arg("--log")
            .arg(&self.log)
            .env("BUILDING_PASSWORD", PASSWORD);
        command.output().unwrap()
    }
}

fn json(files: &[Unpacked], name: &str) -> Value {
    let name = format!("vestibule-support/{name}");
    let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    serde_json::from_slice(&file.bytes).unwrap()
}

#[test]
fn no_secret_is_in_a_bundle_whatever_was_planted_and_the_search_would_find_one() {
    let careless = Careless::new();
    let path = careless.building.house.spec.folder.join("bundle.tar.gz");
    let out = careless.bundle(&path);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let packed = fs::read(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut files = unpack("bundle", &packed);
    let own = String::from_utf8_lossy(&out.stdout).into_owned();
    files.push(Unpacked { name: "what the command printed".into(), bytes: own.into_bytes() });

    assert_eq!(found(&careless.secrets, &files), [] as [String; 0]);
    for code in &careless.codes {
        assert_eq!(typed(code, &files), [] as [String; 0], "a code was typed, told and written to the log");
    }
    let names = [Secret::new("a name", "Smithson")];
    assert_eq!(found(&names, &files), [] as [String; 0], "reasons are free text");

    // The same search finds each of them when it is there, in each form.
    for secret in &careless.secrets {
        for (how, form) in secret.forms() {
            let planted =
                Unpacked { name: "planted".into(), bytes: [b"log: ".as_slice(), &form, b"."].concat() };
            let one = [Secret::new(&secret.name, &secret.bytes)];
            assert!(!found(&one, &[planted]).is_empty(), "{} {how}", secret.name);
        }
    }
    let planted =
        Unpacked { name: "planted".into(), bytes: format!("code={};", careless.codes[0]).into_bytes() };
    assert_eq!(typed(&careless.codes[0], &[planted]), ["planted"]);

    // It helps, too.
    let manifest = json(&files, "manifest.json");
    for listed in manifest["files"].as_array().unwrap() {
        let name = format!("vestibule-support/{}", listed["name"].as_str().unwrap());
        let file = files.iter().find(|file| file.name == name).expect("what is listed is there");
        let sum: String = Sha256::digest(&file.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (listed["bytes"].as_u64(), listed["sha256"].as_str()),
            (Some(file.bytes.len() as u64), Some(&*sum))
        );
    }
    assert!(json(&files, "doctor.json").as_array().unwrap().len() >= 30);
    assert_eq!(json(&files, "status.json")["field"]["devices"]["lobby-climate"]["address"], 3);
    let rows = json(&files, "journal.json");
    let stored = rows.as_array().unwrap().iter().filter(|row| row["type"] == "parcel.stored");
    let units: Vec<&str> = stored.map(|row| row["data"]["unit"].as_str().unwrap()).collect();
    assert_eq!(units, ["unit-1", "unit-2"]);
    let text = |name: &str| {
        let file = files.iter().find(|file| file.name.ends_with(name)).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    };
    assert!(
        text("layer-1.toml").contains("baud = 19200") && text("layer-2.toml").contains("filter = \"info\"")
    );
    assert!(text("log.txt").contains("port is open") && text("log.txt").contains("value=[removed] was read"));

    let again = careless.bundle(&path);
    assert_eq!(again.status.code(), Some(1), "never over a file");
    assert_eq!(fs::read(&path).unwrap(), packed);
}
