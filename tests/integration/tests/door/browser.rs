//! As much of a browser as the stories need: one cookie, an origin, raw HTTP/1.1.

use std::sync::Arc;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use prost::Message;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;

/// What came back, whole.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: hyper::HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

#[derive(Clone)]
pub(super) struct Browser {
    /// Where it connects to.
    address: String,
    /// What it writes into `host`.
    host: String,
    /// Of the page that sends its requests.
    origin: String,
    cookie: Option<String>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Browser {
    /// On a page of the platform's own.
    pub(super) fn new(url: &str) -> Self {
        let address = url.trim_start_matches("http://").to_owned();
        Self {
            host: address.clone(),
            address,
            origin: url.to_owned(),
            cookie: None,
            tls: None,
        }
    }

    /// The same over TLS, under the name that the certificate has.
    pub(super) fn secure(
        url: &str,
        name: &str,
        root: CertificateDer<'static>,
    ) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(root)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self {
            address: url.trim_start_matches("https://").to_owned(),
            host: name.to_owned(),
            origin: format!("https://{name}"),
            cookie: None,
            tls: Some((connector, ServerName::try_from(name.to_owned())?)),
        })
    }

    /// The same browser, cookie and all, on a page of another origin.
    pub(super) fn page_of(&self, origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            ..self.clone()
        }
    }

    pub(super) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub(super) fn set_cookie(&mut self, cookie: Option<String>) {
        self.cookie = cookie;
    }

    pub(super) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.send("GET", path, headers, Bytes::new()).await
    }

    /// As if the name `host` had resolved to the platform.
    pub(super) async fn get_from(&self, host: &str, path: &str) -> anyhow::Result<Answer> {
        let rebound = Self {
            host: host.to_owned(),
            ..self.clone()
        };
        rebound.get(path, &[]).await
    }

    pub(super) async fn post(&self, path: &str, kind: &str, body: &str) -> anyhow::Result<Answer> {
        let headers = [("origin", &*self.origin), ("content-type", kind)];
        let body = Bytes::copy_from_slice(body.as_bytes());
        self.send("POST", path, &headers, body).await
    }

    /// Keeps the cookie that the answer sets.
    pub(super) async fn post_json(&mut self, path: &str, json: &str) -> anyhow::Result<Answer> {
        let answer = self.post(path, "application/json", json).await?;
        self.keep(&answer);
        Ok(answer)
    }

    pub(super) async fn delete(&mut self, path: &str) -> anyhow::Result<Answer> {
        let headers = [("origin", &*self.origin)];
        let answer = self.send("DELETE", path, &headers, Bytes::new()).await?;
        self.keep(&answer);
        Ok(answer)
    }

    /// A gRPC-web call, as the interface makes it; answers its status.
    pub(super) async fn call(&self, path: &str, message: &impl Message) -> anyhow::Result<Code> {
        let message = message.encode_to_vec();
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.len())?.to_be_bytes());
        frame.extend(message);
        let headers = [
            ("origin", &*self.origin),
            ("content-type", "application/grpc-web+proto"),
            ("x-grpc-web", "1"),
        ];
        let answer = self.send("POST", path, &headers, frame.into()).await?;
        anyhow::ensure!(answer.status == 200, "HTTP status {}", answer.status);
        anyhow::ensure!(
            answer.header("cache-control") == Some("no-store"),
            "a call's answer may be kept"
        );
        if let Some(status) = answer.header("grpc-status") {
            return Ok(Code::from_bytes(status.as_bytes()));
        }
        let text = answer.text();
        let (_, status) = text.split_once("grpc-status:").context("no trailers")?;
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        Ok(Code::from_bytes(digits.as_bytes()))
    }

    fn keep(&mut self, answer: &Answer) {
        let Some(pair) = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next())
        else {
            return;
        };
        self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("host", &self.host);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let request = request.body(Full::new(body))?;
        let stream = TcpStream::connect(&self.address).await?;
        let response = match &self.tls {
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await?;
                exchange(stream, request).await?
            }
            None => exchange(stream, request).await?,
        };
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> anyhow::Result<Response<Bytes>> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    let body = body.collect().await?.to_bytes();
    drop(sender);
    connection.await??;
    Ok(Response::from_parts(parts, body))
}
