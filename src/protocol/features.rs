//! What a deployment offers beyond what everybody needs: off unless its configuration says
//! otherwise, and told by discovery only where it is on.

/// The switches.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// The check iframe (Session Management 1.0, 3.3).
    pub check_iframe: bool,
    /// Clients may register themselves (RFC 7591).
    pub registration: bool,
    /// Clients may be what a document at the address says that is their id
    /// (draft-ietf-oauth-client-id-metadata-document).
    pub metadata_documents: bool,
    /// Response types that bring tokens by way of the browser, for clients that are registered for
    /// them (Core 1.0, 3.2 and 3.3).
    pub front_channel_tokens: bool,
    /// Requests by reference to where the client keeps them (Core 1.0, 6.2).
    pub request_uri: bool,
    /// Request objects that nobody signed.
    pub unsigned_request_objects: bool,
    /// No request but by the pushed request endpoint, for all clients (RFC 9126, 5).
    pub require_pushed_requests: bool,
    /// Proofs of possession are taken without a nonce of ours (RFC 9449, 8).
    pub dpop_without_nonce: bool,
}
