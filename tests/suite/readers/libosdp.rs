//! Why libosdp's own panel is not the one of the product: version 3.2.7 believes a card in clear text that is dressed as a step of
//! the handshake, in the middle of a Secure Channel. When this test fails, that is mended and the decision may be looked at again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libosdp::{Channel, ChannelError, ControlPanel, ControlPanelBuilder, OsdpEvent, OsdpFlag, PdInfoBuilder};
use sim_devices::{ReaderKeying, SimReader};

use crate::readers::bench::{KEY, forged};

const PATIENCE: Duration = Duration::from_secs(30);

/// A wire to one reader, on which somebody else sends, too.
struct Wire {
    reader: SimReader,
    answers: VecDeque<u8>,
    injected: Arc<Mutex<Vec<u8>>>,
}

impl Channel for Wire {
    fn get_id(&self) -> i32 {
        0
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ChannelError> {
        let count = buffer.len().min(self.answers.len());
        for (place, byte) in buffer.iter_mut().zip(self.answers.drain(..count)) {
            *place = byte;
        }
        if count == 0 { Err(ChannelError::WouldBlock) } else { Ok(count) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize, ChannelError> {
        let answer = self.reader.exchange(bytes);
        self.answers.extend(std::mem::take(&mut *self.injected.lock().unwrap()));
        self.answers.extend(answer);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ChannelError> {
        self.answers.clear();
        Ok(())
    }

    fn close(&mut self) -> Result<(), ChannelError> {
        Ok(())
    }
}

fn refresh_until(panel: &mut ControlPanel, what: &str, good: impl Fn(&ControlPanel) -> bool) {
    let end = Instant::now() + PATIENCE;
    while !good(panel) {
        assert!(Instant::now() < end, "{what}");
        panel.refresh();
        std::thread::yield_now();
    }
}

#[test]
fn libosdp_panel_believes_a_clear_card_that_is_dressed_as_a_handshake() {
    let injected = Arc::new(Mutex::new(Vec::new()));
    let reader = SimReader::new(0, ReaderKeying::Key(KEY)).unwrap();
    let wire = Wire { reader, answers: VecDeque::new(), injected: Arc::clone(&injected) };
    let info = PdInfoBuilder::new().address(0).unwrap().baud_rate(9_600).unwrap();
    let info = info.secure_channel_key(KEY).flag(OsdpFlag::EnforceSecure);
    let mut panel = ControlPanelBuilder::new().add_channel(Box::new(wire), vec![info]).build().unwrap();
    let cards = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&cards);
    panel.set_event_callback(move |_, event| {
        if let OsdpEvent::CardRead(card) = event {
            seen.lock().unwrap().push(card.data);
        }
        0
    });
    refresh_until(&mut panel, "a channel", |panel| panel.is_sc_active(0));
    let card = [0x50, 0, 1, 26, 0, 1, 2, 3, 0x40];
    let frames = (1..=3).flat_map(|sequence| forged(sequence, &[3, 0x12, 1], &card));
    *injected.lock().unwrap() = frames.collect();
    refresh_until(&mut panel, "the forged card", |_| !cards.lock().unwrap().is_empty());
    assert_eq!(cards.lock().unwrap()[0], [1, 2, 3, 0x40]);
}
