//! The port: loopback, `GET /metrics`, a few collectors at a time, each bounded in bytes and time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Collectors served at once; more wait in the listener's queue.
const SCRAPES_MAX: usize = 4;
/// One request and its answer; collectors give up after ten seconds themselves.
const SCRAPE_TIME_MAX: Duration = Duration::from_secs(10);
/// Bytes of a request's head. A collector's has a few hundred.
const HEAD_BYTES_MAX: usize = 8 * 1024;
/// Pause after a failed accept: out of descriptors, the next one fails as well until somebody leaves.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why there are no metrics to be had.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address} for collectors of metrics")]
pub struct ServeError {
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// Takes the port.
///
/// # Errors
/// [`ServeError`]: the port is taken, or not ours to take.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address).await.map_err(|source| ServeError { address, source })?;
    tracing::info!(%address, "metrics are served");
    Ok(listener)
}

/// Answers `GET /metrics` with what `text` says then, for ever.
pub async fn serve(listener: TcpListener, text: impl Fn() -> String + Send + Sync + 'static) -> Infallible {
    let (text, room) = (Arc::new(text), Arc::new(Semaphore::new(SCRAPES_MAX)));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { std::future::pending().await };
        match listener.accept().await {
            Ok((stream, _)) => {
                let text = Arc::clone(&text);
                tokio::spawn(async move {
                    // Whoever is slower than this has its answer cut; the next scrape begins afresh.
                    drop(timeout(SCRAPE_TIME_MAX, scrape(stream, &*text)).await);
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a collector");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn scrape(stream: TcpStream, text: &(impl Fn() -> String + Sync)) {
    let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request, text)) });
    let served = http1::Builder::new()
        .keep_alive(false)
        .timer(TokioTimer::new())
        .header_read_timeout(SCRAPE_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a collector was not served to its end");
    }
}

fn answer(request: &Request<Incoming>, text: impl Fn() -> String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => {
            *response.body_mut() = Full::from(text());
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(super::CONTENT_TYPE));
        }
        (_, "/metrics") => {
            *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        }
        _ => {
            *response.status_mut() = StatusCode::NOT_FOUND;
            *response.body_mut() = Full::from("metrics are at /metrics\n");
        }
    }
    response
}
