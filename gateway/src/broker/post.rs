//! Commands go from their writer straight to their readers, not through rumqttd: its log of a filter drops messages that
//! were acknowledged already when a writer is faster than a reader.
//!
//! Whoever writes has credit, by the certificate's name. A message takes some until each of its readers has acknowledged
//! it or is gone, so what all names together have on its way is bounded however fast they are, and fits into a reader's
//! mailbox. A writer without credit is not read; nothing of its is acknowledged and then lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::Publish;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::limits::{MAILBOX_MESSAGES, POSTED_BYTES_LEAST, POSTED_BYTES_MAX};
use super::topic::covers;

/// What a message took of its writer's credit; given back with the last reader that drops it.
pub(super) type Credit = Arc<OwnedSemaphorePermit>;

/// Everybody who reads commands, and the credit of those who write them.
#[derive(Debug, Default)]
pub(super) struct Post {
    offices: Mutex<Offices>,
}

#[derive(Debug, Default)]
struct Offices {
    next: u64,
    readers: Vec<Reader>,
    /// By name. One that nobody holds is made anew when its name comes again, so the map stays as small as the building.
    credits: HashMap<String, Arc<Semaphore>>,
}

#[derive(Debug)]
struct Reader {
    number: u64,
    subscriptions: Vec<Subscription>,
    mailbox: mpsc::Sender<Mail>,
}

/// One filter over commands of one connection.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) filter: String,
    pub(super) qos: QoS,
    /// The MQTT 5 subscription identifier.
    pub(super) id: Option<usize>,
}

/// One command on its way to one reader.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) publish: Publish,
    pub(super) posted: Instant,
    pub(super) credit: Credit,
}

/// A reader's mailbox has no room. By the limits that takes more names than there are connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more commands on their way than their readers have room for")]
pub(super) struct Overflow;

/// One connection's part of the post. Dropping it ends its subscriptions.
#[derive(Debug)]
pub(super) struct Subscriber {
    post: Arc<Post>,
    number: u64,
}

/// Where one connection hands in what it writes and fetches what is for it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) counter: Counter,
    pub(super) mailbox: Mailbox,
}

/// Where one connection hands in commands.
#[derive(Debug)]
pub(super) struct Counter {
    post: Arc<Post>,
    credit: Arc<Semaphore>,
}

/// Where one connection fetches commands.
#[derive(Debug)]
pub(super) struct Mailbox(mpsc::Receiver<Mail>);

impl Counter {
    /// Credit for a command, if the name has it now.
    pub(super) fn credit_now(&self, price: u32) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.credit).try_acquire_many_owned(price).ok()
    }

    /// Credit for a command, as soon as the name has it.
    pub(super) async fn credit(&self, price: u32) -> OwnedSemaphorePermit {
        match Arc::clone(&self.credit).acquire_many_owned(price).await {
            Ok(credit) => credit,
            // Nobody closes it.
            Err(_closed) => std::future::pending().await,
        }
    }

    /// Gives a command to everybody who reads its topic.
    pub(super) fn send(&self, publish: &Publish, credit: OwnedSemaphorePermit) -> Result<(), Overflow> {
        self.post.send(publish, credit, Instant::now())
    }
}

impl Mailbox {
    /// A command for this connection, if there is one now.
    pub(super) fn now(&mut self) -> Option<Mail> {
        self.0.try_recv().ok()
    }

    /// The next command for this connection. Cancelling it loses none.
    pub(super) async fn next(&mut self) -> Mail {
        match self.0.recv().await {
            Some(mail) => mail,
            // The subscriber is gone, and the connection with it soon.
            None => std::future::pending().await,
        }
    }
}

impl Post {
    /// Opens a mailbox for a connection of that name; nothing comes before a subscription.
    pub(super) fn open(self: &Arc<Self>, name: &str) -> (Subscriber, Desk) {
        let (mailbox, mail) = mpsc::channel(MAILBOX_MESSAGES);
        let credit = self.credit_of(name);
        let mut offices = self.lock();
        let number = offices.next;
        offices.next += 1;
        offices.readers.push(Reader { number, subscriptions: Vec::new(), mailbox });
        drop(offices);
        let counter = Counter { post: Arc::clone(self), credit };
        (Subscriber { post: Arc::clone(self), number }, Desk { counter, mailbox: Mailbox(mail) })
    }

    /// The credit that all connections of a name share.
    fn credit_of(&self, name: &str) -> Arc<Semaphore> {
        let mut offices = self.lock();
        let full = permits(POSTED_BYTES_MAX);
        offices
            .credits
            .retain(|_, credit| Arc::strong_count(credit) > 1 || credit.available_permits() < full);
        let credit = offices.credits.entry(name.to_owned());
        Arc::clone(credit.or_insert_with(|| Arc::new(Semaphore::new(full))))
    }

    fn send(&self, publish: &Publish, credit: OwnedSemaphorePermit, now: Instant) -> Result<(), Overflow> {
        let topic = std::str::from_utf8(&publish.topic).unwrap_or_default();
        let credit = Arc::new(credit);
        // A slice would keep the whole buffer that was read.
        let kept = Publish {
            topic: Bytes::copy_from_slice(&publish.topic),
            payload: Bytes::copy_from_slice(&publish.payload),
            dup: false,
            retain: false,
            ..publish.clone()
        };
        for reader in &self.lock().readers {
            let matching = || reader.subscriptions.iter().filter(|own| covers(&own.filter, topic));
            let Some(granted) = matching().map(|own| own.qos).max_by_key(|qos| *qos as u8) else { continue };
            let qos = if granted == QoS::AtMostOnce { granted } else { publish.qos };
            let mut publish = Publish { qos, ..kept.clone() };
            let ids: Vec<usize> = matching().filter_map(|own| own.id).collect();
            if !ids.is_empty() {
                publish.properties.get_or_insert_default().subscription_identifiers = ids;
            }
            let mail = Mail { publish, posted: now, credit: Arc::clone(&credit) };
            match reader.mailbox.try_send(mail) {
                // Whoever is gone is owed nothing.
                Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
                Err(mpsc::error::TrySendError::Full(_)) => return Err(Overflow),
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Offices> {
        self.offices.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a command takes of its writer's credit.
pub(super) fn price(publish: &Publish) -> u32 {
    u32::try_from(publish.size()).unwrap_or(u32::MAX).clamp(POSTED_BYTES_LEAST, POSTED_BYTES_MAX)
}

fn permits(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)
}

impl Subscriber {
    /// Adds a subscription, or replaces the one with the same filter.
    pub(super) fn subscribe(&self, subscription: Subscription) {
        self.own(|own| {
            own.retain(|known| known.filter != subscription.filter);
            own.push(subscription);
        });
    }

    /// Ends a subscription.
    pub(super) fn unsubscribe(&self, filter: &str) {
        self.own(|own| own.retain(|known| known.filter != filter));
    }

    fn own(&self, change: impl FnOnce(&mut Vec<Subscription>)) {
        let mut offices = self.post.lock();
        if let Some(reader) = offices.readers.iter_mut().find(|reader| reader.number == self.number) {
            change(&mut reader.subscriptions);
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.post.lock().readers.retain(|reader| reader.number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(filter: &str, qos: QoS) -> Subscription {
        Subscription { filter: filter.to_owned(), qos, id: None }
    }

    fn unlock(payload: usize) -> Publish {
        Publish::new("c/unlock/desk", QoS::AtLeastOnce, vec![b'x'; payload], None)
    }

    fn post_one(desk: &Desk, publish: &Publish) -> bool {
        let credit = desk.counter.credit_now(price(publish));
        credit.is_some_and(|credit| desk.counter.send(publish, credit).is_ok())
    }

    #[test]
    fn credit_comes_back_when_the_last_reader_has_dropped_the_message() {
        let post = Arc::new(Post::default());
        let (one, mut first) = post.open("gateway one");
        let (other, mut second) = post.open("gateway other");
        one.subscribe(subscription("c/#", QoS::AtLeastOnce));
        other.subscribe(subscription("c/+/desk", QoS::AtMostOnce));
        let (_, desk) = post.open("staff desk");
        let mut sent = 0;
        while post_one(&desk, &unlock(100)) {
            sent += 1;
        }
        assert_eq!(sent, 8);
        let (_, night) = post.open("staff night");
        assert!(post_one(&night, &unlock(100)), "another name has its own");
        let to_one = first.mailbox.0.try_recv().unwrap();
        assert_eq!(to_one.publish.qos, QoS::AtLeastOnce);
        drop(to_one);
        assert!(!post_one(&desk, &unlock(100)), "the other reader has it still");
        assert_eq!(second.mailbox.0.try_recv().unwrap().publish.qos, QoS::AtMostOnce);
        assert!(post_one(&desk, &unlock(100)));
        drop((one, first, other, second));
        assert!(post_one(&desk, &unlock(130_000)), "readers that are gone hold nothing");
    }

    #[test]
    fn a_name_that_comes_again_finds_what_it_spent() {
        let post = Arc::new(Post::default());
        let (_, desk) = post.open("staff desk");
        let spent = desk.counter.credit_now(POSTED_BYTES_MAX).unwrap();
        drop(desk);
        let (_, again) = post.open("staff desk");
        assert!(!post_one(&again, &unlock(1)));
        drop(spent);
        assert!(post_one(&again, &unlock(1)));
    }

    #[test]
    fn overlapping_filters_give_one_message_with_every_identifier() {
        let post = Arc::new(Post::default());
        let (reader, mut desk) = post.open("gateway gw");
        reader.subscribe(Subscription { id: Some(7), ..subscription("c/#", QoS::AtMostOnce) });
        reader.subscribe(Subscription { id: Some(9), ..subscription("c/unlock/+", QoS::AtLeastOnce) });
        assert!(post_one(&desk, &unlock(1)));
        let got = desk.mailbox.0.try_recv().unwrap().publish;
        assert_eq!(got.qos, QoS::AtLeastOnce);
        assert_eq!(got.properties.unwrap().subscription_identifiers, [7, 9]);
        assert!(desk.mailbox.0.try_recv().is_err());
        reader.unsubscribe("c/#");
        reader.unsubscribe("c/unlock/+");
        assert!(post_one(&desk, &unlock(1)));
        assert!(desk.mailbox.0.try_recv().is_err());
    }
}
