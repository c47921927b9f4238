//! The certificates of a private authority: a PEM file (RFC 7468).

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// More than any list of authorities.
const LONGEST: u64 = 4 << 20;

/// Reads the certificates of a file, or says what is wrong with it.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let bytes = bytes(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("There is no file {shown}. Write the path of the authority's certificate.")
        }
        _ => format!("{shown} cannot be read: {error}. Let this user read it."),
    })?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(format!(
            "{shown} is empty. Put the authority's certificate in it, as PEM."
        ));
    }
    if std::str::from_utf8(&bytes).is_ok_and(are_certificates) {
        return Ok(bytes);
    }
    Err(format!(
        "{shown} holds no certificate as PEM. It has lines between {BEGIN} and {END}; to make it \
         from DER, write: openssl x509 -inform der -in {shown}"
    ))
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether there is one at least, and each is whole. What stands between them is a comment.
fn are_certificates(text: &str) -> bool {
    let mut parts = text.split(BEGIN).skip(1).peekable();
    parts.peek().is_some() && parts.all(is_whole)
}

fn is_whole(part: &str) -> bool {
    let Some((body, _)) = part.split_once(END) else {
        return false;
    };
    let body: String = body.split_ascii_whitespace().collect();
    // 0x30 begins a sequence of DER.
    STANDARD
        .decode(body)
        .is_ok_and(|der| der.first() == Some(&0x30))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pem() {
        let good = format!("{BEGIN}\nMIIB\nAAAA\n{END}\n");
        for (text, right) in [
            ("", false),
            ("MIIBAAAA", false),
            (BEGIN, false),
            (&format!("{BEGIN}\nMIIB\n"), false),
            (&format!("{BEGIN}\n{END}\n"), false),
            (&format!("{BEGIN}\nsecret!\n{END}\n"), false),
            (&format!("{BEGIN}\nAAAA\n{END}\n"), false),
            (&good.replace("CERTIFICATE", "PRIVATE KEY"), false),
            (&format!("{good}{BEGIN}\n"), false),
            (&good, true),
            (&good.replace('\n', "\r\n"), true),
            (&format!("# ours\n{good}\n# theirs\n{good}"), true),
        ] {
            assert_eq!(are_certificates(text), right, "{text}");
        }
    }
}
