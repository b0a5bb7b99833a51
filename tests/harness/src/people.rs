//! The people of a platform's demonstration school: who they are, signed in, at the command line.

use anyhow::Context as _;

use crate::account::{Account, AccountRole};
use crate::command::{Finished, preau};
use crate::person::Person;
use crate::platform::Platform;

impl Platform {
    /// The demonstration school's accounts.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The names of the first two classes whose people have accounts.
    #[must_use]
    pub fn classes(&self) -> [String; 2] {
        let mut names: Vec<String> = Vec::new();
        for class in self
            .accounts
            .iter()
            .filter_map(|account| account.class.as_ref())
        {
            if !names.contains(class) {
                names.push(class.clone());
            }
        }
        names.truncate(2);
        names
            .try_into()
            .expect("the demonstration school has two classes and more")
    }

    /// The account of the first holder of `role`, in `class` if one is given.
    ///
    /// # Errors
    /// When there is none.
    pub fn account(&self, role: AccountRole, class: Option<&str>) -> anyhow::Result<&Account> {
        self.accounts
            .iter()
            .find(|account| account.is(role, class))
            .with_context(|| format!("no {role:?} of {class:?} among the accounts"))
    }

    /// Every account of `role`, in `class` if one is given.
    pub fn accounts_of<'a>(
        &'a self,
        role: AccountRole,
        class: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Account> {
        self.accounts
            .iter()
            .filter(move |account| account.is(role, class))
    }

    /// The main teacher of `class`, signed in.
    ///
    /// # Errors
    /// When there is none or sign-in fails.
    pub async fn teacher(&self, class: &str) -> anyhow::Result<Person> {
        self.sign_in(self.account(AccountRole::Teacher, Some(class))?)
            .await
    }

    /// A pupil of `class`, signed in.
    ///
    /// # Errors
    /// When there is none or sign-in fails.
    pub async fn pupil(&self, class: &str) -> anyhow::Result<Person> {
        self.sign_in(self.account(AccountRole::Student, Some(class))?)
            .await
    }

    /// The administrator, signed in.
    ///
    /// # Errors
    /// When there is none or sign-in fails.
    pub async fn admin(&self) -> anyhow::Result<Person> {
        self.sign_in(self.account(AccountRole::Admin, None)?).await
    }

    /// Login and password of the demonstration's platform operator.
    ///
    /// # Errors
    /// When the data directory does not tell.
    pub fn operator(&self) -> anyhow::Result<(String, String)> {
        #[derive(serde::Deserialize)]
        struct Operator {
            login: String,
            password: String,
        }
        let path = self.data_dir().join("demo-platform.json");
        let text = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        let Operator { login, password } = serde_json::from_slice(&text)?;
        Ok((login, password))
    }

    /// Signs `account` in; a failure carries what the platform said.
    async fn sign_in(&self, account: &Account) -> anyhow::Result<Person> {
        Person::sign_in(self.gateway(), &account.login, &account.password)
            .await
            .with_context(|| format!("the platform said:\n{}", self.said()))
    }

    /// Runs `preau files ARGS` as `account`.
    ///
    /// # Errors
    /// When the command cannot be run.
    pub async fn files(&self, account: &Account, args: &[&str]) -> anyhow::Result<Finished> {
        let all: Vec<&str> = ["files"].into_iter().chain(args.iter().copied()).collect();
        self.preau_as(&account.login, &account.password, &all).await
    }

    /// Runs `preau ARGS --server … --login … --password-file …`.
    ///
    /// # Errors
    /// When the command cannot be run.
    pub async fn preau_as(
        &self,
        login: &str,
        password: &str,
        args: &[&str],
    ) -> anyhow::Result<Finished> {
        let secret = self.root().join(format!("{login}.password"));
        std::fs::write(&secret, password)?;
        let secret = secret.to_str().context("the folder's name is UTF-8")?;
        let mut all = args.to_vec();
        all.extend(["--server", self.gateway(), "--login", login]);
        all.extend(["--password-file", secret]);
        preau(all, &[("HOME", self.root().to_str().context("UTF-8")?)]).await
    }
}
