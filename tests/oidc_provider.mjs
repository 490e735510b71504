// A real provider of OpenID Connect on 127.0.0.1 for the tests: anybody who types a name is that person.
// Arguments: port, client id, client secret, redirect URI.
import Provider from "oidc-provider";

const [port, clientId, clientSecret, redirectUri] = process.argv.slice(2);

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
  pkce: { required: () => true },
  // Names that begin with "unverified" have an address that nobody has looked at.
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unverified"), name: "Ada Provided" }),
  }),
});

provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
