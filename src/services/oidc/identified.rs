//! [`Identified`]: who has signed in at the provider.

/// Who has signed in at the provider. Only the issuer and the subject name a person; all else may change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identified {
    pub issuer: String,
    pub subject: String,
    /// Verified or not.
    pub email: Option<String>,
    /// The address, if the provider says that it belongs to the person.
    pub verified_email: Option<String>,
    /// The name by which the person signs in there.
    pub username: Option<String>,
    pub name: Option<String>,
    pub groups: Vec<String>,
}
