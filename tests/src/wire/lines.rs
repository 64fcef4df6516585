//! The same line twice: as the simulators build it and as the drivers are told of it.

use std::path::PathBuf;

use device_drivers::device::Model;
use device_drivers::duty::Duty;
use device_drivers::frame::Protocol;
use device_drivers::id::{DeviceId, LineId};
use device_drivers::spec as drivers;
use device_drivers::supply::LocksAtOnce;
use sim_devices::{
    Address, Baud, DeviceSpec, DoorNumber, InputCount, Latches, LineSpec, LockFamily, MapModel, RelayModel,
};

/// The two rates at which lines are run: the boards' factory rate, and the fastest of the field.
pub const BAUDS: [Baud; 2] = [Baud::B9600, Baud::B115200];

/// Devices of a full line: RS-485 drives 32 unit loads.
pub const FULL: u8 = 32;

/// A slave address.
#[must_use]
pub fn address(number: u8) -> Address {
    Address::new(number).expect("addresses count from 1")
}

/// A door of the simulated bank.
#[must_use]
pub fn door(number: u8) -> DoorNumber {
    DoorNumber::new(number).expect("doors count from 1")
}

/// A bank of eight doors (relay board 1, input board 2, probe 3), a second relay board at 4 and three more input boards:
/// enough for answers of one slave to come into another's turn, at every place of the round.
#[must_use]
pub fn two_banks(baud: Baud) -> LineSpec {
    let relays = sim_devices::Model::Relay(RelayModel::Eight);
    let more = DeviceSpec::new(address(4), relays);
    (5..=7).map(inputs).fold(bank(baud).with(more), LineSpec::with)
}

/// A full line (relay board 1, probe 3, input boards for the rest) without its last `missing` devices.
#[must_use]
pub fn full(baud: Baud, missing: u8) -> LineSpec {
    (4..=FULL - missing).map(inputs).fold(bank(baud), LineSpec::with)
}

fn bank(baud: Baud) -> LineSpec {
    LineSpec::bank(8, Latches::None).expect("eight compartments fit").at(baud)
}

fn inputs(number: u8) -> DeviceSpec {
    DeviceSpec::new(address(number), sim_devices::Model::Inputs(InputCount::Eight))
}

/// One of each Modbus model that there is a simulator for.
#[must_use]
pub fn every_modbus_model() -> Vec<sim_devices::Model> {
    use sim_devices::Model::{Ebyte, Eletechsup, Inputs, Map, Relay, XyMd02};
    let relays = [RelayModel::Eight, RelayModel::EightD, RelayModel::Sixteen, RelayModel::ThirtyTwo];
    let inputs = [InputCount::Four, InputCount::Eight, InputCount::Sixteen, InputCount::ThirtyTwo];
    let ebyte = [(8, 0), (2, 2), (2, 4), (4, 4)].map(|(relays, inputs)| Ebyte { relays, inputs });
    let others = [Eletechsup(4), Eletechsup(8), XyMd02];
    let maps = MapModel::ALL.map(Map);
    relays.map(Relay).into_iter().chain(inputs.map(Inputs)).chain(ebyte).chain(others).chain(maps).collect()
}

/// Name of the device at an address.
#[must_use]
pub fn device(number: u8) -> DeviceId {
    DeviceId::new(&format!("device-{number}")).expect("a short name")
}

/// The line as the drivers are configured for it.
#[must_use]
pub fn configured(line: &LineSpec, port: PathBuf) -> drivers::LineSpec {
    let mut spec = drivers::LineSpec::new(LineId::new("line").expect("a short name"), port);
    spec.baud = drivers::Baud::new(line.baud.get()).expect("a rate of the field");
    spec.protocol = line.lock_family().map_or(Protocol::ModbusRtu, spoken);
    // What the wire does to frames is looked at: no lock has to cool, and no supply has to be waited for.
    spec.supplies = vec![LocksAtOnce::UNLIMITED];
    let tireless =
        |device| drivers::DeviceSpec { duty: Duty::CONTINUOUS, supply: Some(0), ..described(device) };
    spec.devices = line.devices.iter().map(tireless).collect();
    spec
}

/// The drivers' name of a lock board.
fn locker(family: LockFamily) -> String {
    match family {
        LockFamily::KerongCu16 => "kerong-cu16".to_owned(),
        LockFamily::KerongCu48 => "kerong-cu48".to_owned(),
        LockFamily::KerongCu48Hooks => "kerong-cu48-hooks".to_owned(),
        LockFamily::Lock8a(locks) => format!("lock-8a-{locks}"),
        LockFamily::Winnsen => "winnsen-16".to_owned(),
        LockFamily::Wkly(locks) => format!("wkly-{locks}"),
    }
}

/// What is spoken on a line of such boards.
const fn spoken(family: LockFamily) -> Protocol {
    match family {
        LockFamily::KerongCu16 => Protocol::KerongCu16,
        LockFamily::KerongCu48 | LockFamily::KerongCu48Hooks => Protocol::KerongCu48,
        LockFamily::Lock8a(_) => Protocol::Lock8a,
        LockFamily::Winnsen => Protocol::Winnsen,
        LockFamily::Wkly(_) => Protocol::Wkly,
    }
}

/// One device as the drivers are configured for it.
#[must_use]
pub fn described(device_spec: &DeviceSpec) -> drivers::DeviceSpec {
    let number = device_spec.address.get();
    let model = match device_spec.model {
        sim_devices::Model::Relay(RelayModel::EightD) => "waveshare-relay-8-d".to_owned(),
        sim_devices::Model::Relay(board) => format!("waveshare-relay-{}", board.relays()),
        sim_devices::Model::Inputs(count) => format!("discrete-inputs-{}", count.get()),
        sim_devices::Model::Eletechsup(relays) => format!("r421a{relays:02}"),
        sim_devices::Model::Ebyte { relays, inputs } => format!("ebyte-ma01-{inputs}0{relays}0"),
        sim_devices::Model::Map(map) => map_name(map).to_owned(),
        sim_devices::Model::XyMd02 => "xy-md02".to_owned(),
        sim_devices::Model::Locks(family) => locker(family),
    };
    let address = drivers::Address::new(number).expect("a standard address");
    let model = Model::by_name(&model).unwrap_or_else(|| panic!("the drivers know no {model}"));
    drivers::DeviceSpec::new(device(number), address, model)
}

const fn map_name(map: MapModel) -> &'static str {
    match map {
        MapModel::CarelIr33 => "carel-ir33",
        MapModel::Comwintop8Pt => "comwintop-8pt",
        MapModel::DanfossEkc202D => "danfoss-ekc-202d",
        MapModel::DanfossErc211 => "danfoss-erc-211",
        MapModel::DixellXr => "dixell-xr",
        MapModel::EliwellIdPlus => "eliwell-idplus",
        MapModel::Md02Shtc3 => "md02-shtc3",
        MapModel::Pt100x8 => "pt100-8",
        MapModel::R4Dcb08 => "r4dcb08",
    }
}
