//! mbpoll, a Modbus master that nobody here wrote, reads every kind of simulated device over a pseudo-terminal.

use std::path::Path;
use std::process::Command;

use sim_devices::{
    Baud, Climate, DeviceSpec, InputCount, LineSpec, MapModel, Model, PtyLine, PtySpec, RelayModel, ServedBy,
};
use vestibule_tests::wire::lines::address;

/// mbpoll's names of the tables.
const COILS: &str = "0";
const DISCRETE: &str = "1";
const INPUT: &str = "3";
const HOLDING: &str = "4";

/// Values of `count` items of a table from `first`, as mbpoll prints them.
fn poll(port: &Path, table: &str, first: u16, count: usize) -> Vec<u16> {
    let (first, count) = (first.to_string(), count.to_string());
    let output = Command::new("mbpoll")
        .args(["-m", "rtu", "-a", "1", "-b", "9600", "-P", "none", "-0", "-1", "-o", "2"])
        .args(["-t", table, "-r", &first, "-c", &count])
        .arg(port)
        .output()
        .expect("mbpoll is installed: tests/run does it");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = |line: &str| {
        let (_, value) = line.strip_prefix('[')?.split_once("]:")?;
        value.split_whitespace().next()?.parse().ok()
    };
    let values: Vec<u16> = text.lines().filter_map(value).collect();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    values
}

#[test]
fn mbpoll_reads_every_kind_of_simulated_device() {
    let folder = tempfile::tempdir().unwrap();
    // 4.3 degC, and the evaporator 6 degrees colder; 55.0 %.
    let cold = 0xFFFF - 16;
    let cases: [(Model, &str, u16, &[u16]); 16] = [
        (Model::Relay(RelayModel::ThirtyTwo), COILS, 0, &[0; 32]),
        (Model::Relay(RelayModel::EightD), HOLDING, 0x1000, &[0; 8]),
        (Model::Inputs(InputCount::Sixteen), DISCRETE, 0, &[0; 16]),
        (Model::Eletechsup(8), HOLDING, 1, &[0; 8]),
        (Model::Ebyte { relays: 4, inputs: 4 }, HOLDING, 0x05DC, &[50; 4]),
        (Model::Ebyte { relays: 4, inputs: 4 }, DISCRETE, 0, &[0; 4]),
        (Model::XyMd02, INPUT, 1, &[43, 550]),
        (Model::Map(MapModel::Md02Shtc3), INPUT, 1, &[430, 5_500]),
        (Model::Map(MapModel::R4Dcb08), HOLDING, 0, &[43; 8]),
        (Model::Map(MapModel::Pt100x8), HOLDING, 0, &[43; 8]),
        (Model::Map(MapModel::Comwintop8Pt), INPUT, 0, &[43; 8]),
        (Model::Map(MapModel::CarelIr33), INPUT, 403, &[43, 0, 0, 43]),
        (Model::Map(MapModel::DanfossErc211), HOLDING, 2_529, &[430]),
        (Model::Map(MapModel::DanfossEkc202D), HOLDING, 2_529, &[43, 43, 43]),
        (Model::Map(MapModel::EliwellIdPlus), HOLDING, 295, &[43, 0, cold]),
        (Model::Map(MapModel::DixellXr), HOLDING, 256, &[43, cold, 43]),
    ];
    for (number, (model, table, first, expected)) in cases.into_iter().enumerate() {
        let path = folder.path().join(number.to_string());
        let devices = vec![DeviceSpec::new(address(1), model)];
        let line = LineSpec { baud: Baud::B9600, devices, doors: Vec::new(), faults: Vec::new() };
        let spec = PtySpec { line, path: path.clone(), served_by: ServedBy::Simulators };
        let line = PtyLine::start(&spec, 1).unwrap();
        let air = Climate { temperature: 43, humidity: 550 };
        line.with(|sim| sim.plant_mut().set_climate(address(1), air));
        assert_eq!(poll(&path, table, first, expected.len()), expected, "{model:?}");
    }
}
