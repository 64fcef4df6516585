//! Every pattern of both roles files against a list written by hand: one that is dropped, added or widened fails here.

use std::collections::BTreeSet;

use vestibule::broker::RoleTable;

/// Role, and what it may publish, retain and read, separated by blanks.
type Rights = (&'static str, [&'static str; 3]);

const BUILDING: [Rights; 4] = [
    ("gateway", ["state/+/+ event/+ telemetry/+/+ reply/+", "state/+/+", "command/# state/+/+"]),
    ("reader", ["", "", "state/# event/# telemetry/#"]),
    (
        "staff",
        [
            "command/audit.finish/{name} command/audit.start/{name} command/audit.tick/{name} \
             command/carriers.sync/{name} command/challenge/{name} command/code.reissue/{name} \
             command/code.revoke/{name} command/compartment.service/{name} command/diagnose/{name} \
             command/directory.sync/{name} command/hold.set/{name} command/inventory.request/{name} \
             command/journal.replay/{name} command/parcel.exception/{name} command/parcel.expect/{name} \
             command/parcel.intake/{name} command/parcel.release/{name} command/parcel.relocate/{name} \
             command/parcel.remove/{name} command/report.request/{name} command/resync/{name} \
             command/surge.set/{name} command/unlock/{name} command/unlock.cancel/{name} \
             command/unlock.many/{name}",
            "",
            "state/# event/# telemetry/# reply/{name}",
        ],
    ),
    (
        "technician",
        [
            "command/compartment.service/{name} command/diagnose/{name} command/resync/{name}",
            "",
            "event/cold.contents_unsafe event/cold.excursion_ended event/cold.excursion_started \
             event/compartment.in_service event/compartment.jammed event/compartment.out_of_service \
             event/device.degraded event/device.offline event/device.online event/device.tampered \
             event/line.degraded event/line.foreign_frame event/line.recovered event/probe.fault \
             event/probe.recovered event/storage.degraded event/storage.recovered state/# telemetry/# \
             reply/{name}",
        ],
    ),
];

const CLOUD: [Rights; 4] = [
    ("cloud", ["command/+/{name}", "", "state/# event/# telemetry/# reply/{name}"]),
    ("gateway", ["state/+/+ event/+ telemetry/+/+ reply/+ notice", "state/+/+", "command/# state/+/+"]),
    ("notifier", ["", "", "notice"]),
    ("reader", ["", "", "state/# event/# telemetry/#"]),
];

fn assert_rights(table: &RoleTable, expected: &[Rights]) {
    let roles: Vec<_> = table.roles().map(|(name, _)| name).collect();
    assert_eq!(roles, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((name, role), (_, rights)) in table.roles().zip(expected) {
        let lists = [&role.publish, &role.retain, &role.subscribe];
        for ((what, list), right) in ["publish", "retain", "subscribe"].into_iter().zip(lists).zip(rights) {
            let has: BTreeSet<&str> = list.iter().map(String::as_str).collect();
            assert_eq!(has, right.split_whitespace().collect(), "{name}: {what}");
        }
    }
}

#[test]
fn building_roles_may_what_is_written_here_and_no_more() {
    assert_rights(&RoleTable::building().unwrap(), &BUILDING);
}

#[test]
fn cloud_roles_may_what_is_written_here_and_no_more() {
    assert_rights(&RoleTable::cloud().unwrap(), &CLOUD);
}
