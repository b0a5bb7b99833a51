use std::time::Duration;

/// How long a Watch waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Without news, a keep-alive comes this often: more often than proxies cut what is idle.
    pub keep_alive: Duration,
    /// The roster is asked this often whether somebody who watches is still of the class.
    pub check: Duration,
    /// The roster's answer is believed for this long while it does not answer anew.
    pub trust: Duration,
    /// A Watch ends after this long, so that its caller's session is looked at again; a fifth more for some, so that a
    /// class does not come back as one.
    pub longest: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(20),
            check: Duration::from_secs(25),
            trust: Duration::from_secs(60),
            longest: Duration::from_secs(300),
        }
    }
}
