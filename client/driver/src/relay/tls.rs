//! Trust in a server's certificate: the usual roots and one file more, and what happens where only the dates
//! do not fit.
//!
//! A laptop's clock may be years off, and no clock of a device decides anything. So a certificate whose
//! dates alone fail is let pass and remembered: what the server then says must be signed by the key that the
//! programme names, or nothing of it is believed.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::error::RelayError;

/// The largest file of further roots, in bytes.
const MAX_ROOTS_BYTES: u64 = 1 << 20;
/// Every certificate of a chain may be out of date, each at most twice.
const TRIES: usize = 16;

/// Reads certificates in PEM.
pub(super) fn read_roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, RelayError> {
    let bytes = tessera_engine::home::read_bounded(path, MAX_ROOTS_BYTES)
        .map_err(|error| RelayError::Roots(error.to_string()))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(RelayError::Roots("it holds no certificate in PEM".to_owned())),
        Err(error) => Err(RelayError::Roots(error.to_string())),
    }
}

/// Makes the configuration of all connections. `clock_off` becomes true once a certificate's dates alone failed.
pub(super) fn configure(
    more_roots: Vec<CertificateDer<'static>>,
    clock_off: Arc<AtomicBool>,
) -> Result<ClientConfig, RelayError> {
    let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    for root in more_roots {
        roots.add(root).map_err(|error| RelayError::Roots(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
        .build()
        .map_err(|error| RelayError::Roots(error.to_string()))?;
    let verifier = Arc::new(AnyDate { usual, clock_off });
    Ok(builder(provider)?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn builder(
    provider: Arc<CryptoProvider>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, RelayError> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| RelayError::Certificate(error.to_string()))
}

/// Everything that the usual verifier checks, at a time at which the certificates are in date.
#[derive(Debug)]
struct AnyDate {
    usual: Arc<WebPkiServerVerifier>,
    clock_off: Arc<AtomicBool>,
}

impl ServerCertVerifier for AnyDate {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut at = now;
        let mut tried = vec![at];
        loop {
            let result =
                self.usual.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, at);
            let next = match &result {
                Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
                    *not_after
                }
                Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
                    not_before, ..
                })) => *not_before,
                Ok(_) if tried.len() > 1 => {
                    self.clock_off.store(true, Ordering::Relaxed);
                    return result;
                }
                _ => return result,
            };
            // Certificates that were never valid together stay refused.
            if tried.contains(&next) || tried.len() > TRIES {
                return result;
            }
            tried.push(next);
            at = next;
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.usual.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
