//! Why one message or filter is refused, and with which codes a client is told.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{self, DisconnectReasonCode, PubAckReason, SubscribeReasonCode};

use super::acl::Denied;
use super::ending::Ending;
use super::limits::FILTERS_PER_CONNECTION_MAX;
use super::quota::Exceeded;
use super::topic::BadTopic;

/// Why one message or filter is refused while the connection goes on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Quota(#[from] Exceeded),
    #[error("a connection has at most {FILTERS_PER_CONNECTION_MAX} filters")]
    TooManyFilters,
}

impl Refused {
    /// The code of a PUBACK, and that of a DISCONNECT where no PUBACK can say it.
    pub(super) fn publish_codes(&self) -> (PubAckReason, DisconnectReasonCode) {
        match self {
            Self::Denied(Denied::Topic(_)) => {
                (PubAckReason::TopicNameInvalid, DisconnectReasonCode::TopicNameInvalid)
            }
            Self::Denied(Denied::EmptyWithoutRetain) => {
                (PubAckReason::PayloadFormatInvalid, DisconnectReasonCode::PayloadFormatInvalid)
            }
            Self::Denied(_) => (PubAckReason::NotAuthorized, DisconnectReasonCode::NotAuthorized),
            Self::Quota(_) | Self::TooManyFilters => {
                (PubAckReason::QuotaExceeded, DisconnectReasonCode::QuotaExceeded)
            }
        }
    }

    /// The code of a filter in a SUBACK.
    pub(super) fn subscribe_code(&self) -> SubscribeReasonCode {
        match self {
            Self::Denied(Denied::Topic(BadTopic::Shared)) => {
                SubscribeReasonCode::SharedSubscriptionsNotSupported
            }
            Self::Denied(Denied::Topic(_)) => SubscribeReasonCode::TopicFilterInvalid,
            Self::Denied(_) => SubscribeReasonCode::NotAuthorized,
            Self::Quota(_) | Self::TooManyFilters => SubscribeReasonCode::QuotaExceeded,
        }
    }
}

/// What no client may send whatever its role; these end the connection as MQTT 5 demands.
pub(super) fn check_publish_form(publish: &v5::Publish) -> Result<(), Ending> {
    let refuse = |code, text: &str| Err(Ending::Refused(code, text.to_owned()));
    if publish.qos == QoS::ExactlyOnce {
        return refuse(DisconnectReasonCode::QoSNotSupported, "QoS 2 is not offered");
    }
    let Some(properties) = &publish.properties else { return Ok(()) };
    if properties.topic_alias.is_some() {
        return refuse(DisconnectReasonCode::TopicAliasInvalid, "topic aliases are not offered");
    }
    if !properties.subscription_identifiers.is_empty() {
        return refuse(DisconnectReasonCode::ProtocolError, "a subscription identifier from a client");
    }
    Ok(())
}
