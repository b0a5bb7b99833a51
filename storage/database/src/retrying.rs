//! Running a transaction again that lost a race.

use crate::DbError;

/// Attempts of a transaction that loses its races; the last loss is answered.
const ATTEMPTS: u32 = 4;

/// What a transaction can fail with.
pub trait Retryable {
    /// Whether nothing was changed, and running the whole transaction again may succeed.
    fn is_retryable(&self) -> bool;
}

impl Retryable for DbError {
    fn is_retryable(&self) -> bool {
        DbError::is_retryable(self)
    }
}

/// Runs a whole transaction, and again when it lost a race and changed nothing: four times at most, at once.
///
/// # Errors
/// Those of the transaction, whose last loss is answered too.
pub async fn retrying<T, E, F>(transaction: impl Fn() -> F) -> Result<T, E>
where
    E: Retryable,
    F: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(error) if error.is_retryable() && attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn tries(outcomes: &[Result<u8, DbError>]) -> (Result<u8, DbError>, usize) {
        let tried = Cell::new(0);
        let outcome = retrying(async || {
            tried.set(tried.get() + 1);
            outcomes[tried.get() - 1].clone()
        });
        (outcome.await, tried.get())
    }

    fn lost() -> Result<u8, DbError> {
        Err(DbError::Serialization {
            detail: "lost".into(),
        })
    }

    #[tokio::test]
    async fn what_lost_is_run_again_and_nothing_else_is() {
        assert!(matches!(tries(&[Ok(1)]).await, (Ok(1), 1)));
        assert!(matches!(tries(&[lost(), lost(), Ok(3)]).await, (Ok(3), 3)));
        let always = [lost(), lost(), lost(), lost(), Ok(5)];
        assert!(matches!(
            tries(&always).await,
            (Err(DbError::Serialization { .. }), 4)
        ));
        let wrong = || {
            Err(DbError::Mismatch {
                detail: "wrong".into(),
            })
        };
        assert!(matches!(
            tries(&[wrong(), Ok(2)]).await,
            (Err(DbError::Mismatch { .. }), 1)
        ));
    }
}
