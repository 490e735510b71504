// Dub's published TypeScript SDK, unmodified, drives origin: `node round_trip.mjs URL KEY`. Prints what was done, a step a line.
import assert from "node:assert/strict";
import { Dub } from "dub";
import * as errors from "dub/models/errors";

const [, , serverURL, token] = process.argv;
const dub = new Dub({ serverURL, token });
const done = (step) => console.log(step);

async function links() {
  const made = await dub.links.create({ url: "https://example.com/node", externalId: "node-1", comments: "Hi" });
  assert.equal(made.comments, "Hi");
  for (const query of [{ linkId: made.id }, { externalId: "ext_node-1" }, { domain: made.domain, key: made.key }]) {
    assert.deepEqual(await dub.links.get(query), made);
  }
  done("create, get");
  const changed = await dub.links.update(made.id, { title: "T", comments: null });
  assert.deepEqual([changed.title, changed.comments], ["T", null]);
  const upserted = await dub.links.upsert({ url: "https://example.com/node", title: "U" });
  assert.deepEqual([upserted.id, upserted.title], [made.id, "U"]);
  done("update, upsert");
  assert.equal((await dub.links.delete("ext_node-1")).id, made.id);
  await assert.rejects(dub.links.get({ linkId: made.id }), errors.NotFound);
  done("delete, not found");
}

async function manyLinks() {
  const wanted = [0, 1, 2, 3, 4].map((n) => ({ url: `https://example.com/node/${n}`, key: `node-${n}`, tenantId: "node" }));
  const made = await dub.links.createMany([...wanted, { url: "https://example.com/", key: "node-0" }]);
  assert.deepEqual(made.slice(0, 5).map((link) => link.key), wanted.map((link) => link.key));
  assert.equal(made[5].code, "conflict");
  done("bulk create with a duplicate");
  const seen = [];
  for await (const page of await dub.links.list({ tenantId: "node", pageSize: 2 })) {
    seen.push(...page.result.map((link) => link.key));
  }
  assert.deepEqual(seen.sort(), wanted.map((link) => link.key));
  assert.equal(await dub.links.count({ tenantId: "node" }), 5);
  done("list, next, count");
  const linkIds = made.slice(0, 5).map((link) => link.id);
  const changed = await dub.links.updateMany({ linkIds, data: { title: "Many" } });
  assert.deepEqual(changed.map((link) => [link.id, link.title]), linkIds.map((id) => [id, "Many"]));
  assert.deepEqual(await dub.links.deleteMany({ linkIds }), { deletedCount: 5 });
  assert.equal(await dub.links.count({ tenantId: "node" }), 0);
  done("bulk update, bulk delete");
}

async function refusals() {
  await assert.rejects(dub.links.create({ url: "javascript:alert(1)" }), errors.UnprocessableEntity);
  const link = await dub.links.create({ url: "https://example.com/", key: "node-taken" });
  await assert.rejects(dub.links.create({ url: "https://example.com/", key: "node-taken" }), errors.Conflict);
  await assert.rejects(dub.domains.register({ domain: "node.example.org" }), errors.Forbidden);
  await assert.rejects(new Dub({ serverURL, token: "nh_wrong" }).links.list(), errors.Unauthorized);
  await dub.links.delete(link.id);
  done("errors by their type");
}

async function analytics() {
  assert.equal((await dub.analytics.retrieve({ groupBy: "count" })).clicks, 0);
  for (const groupBy of ["timeseries", "countries", "cities", "devices", "browsers", "os", "referers", "top_links", "top_urls"]) {
    assert.ok(Array.isArray(await dub.analytics.retrieve({ groupBy, interval: "7d" })), groupBy);
  }
  assert.deepEqual(await dub.events.list({ event: "clicks" }), []);
  done("analytics, events");
}

async function tags() {
  const tag = await dub.tags.create({ name: "node-tag", color: "green" });
  assert.equal((await dub.tags.update(tag.id, { name: "node-tag-2" })).name, "node-tag-2");
  assert.deepEqual((await dub.tags.list({ ids: [tag.id] })).map((each) => each.id), [tag.id]);
  const link = await dub.links.create({ url: "https://example.com/tagged", tagIds: [tag.id] });
  assert.deepEqual(link.tags.map((each) => each.name), ["node-tag-2"]);
  await dub.links.delete(link.id);
  assert.equal((await dub.tags.delete(tag.id)).id, tag.id);
  await assert.rejects(dub.tags.delete(tag.id), errors.NotFound);
  done("tags");
}

async function folders() {
  const folder = await dub.folders.create({ name: "node-folder" });
  assert.equal((await dub.folders.update(folder.id, { description: "D" })).description, "D");
  assert.deepEqual((await dub.folders.list({ search: "node" })).map((each) => each.id), [folder.id]);
  assert.equal((await dub.folders.delete(folder.id)).id, folder.id);
  done("folders");
}

async function domains() {
  const domain = await dub.domains.create({ slug: "node.example.org" });
  const changed = await dub.domains.update(domain.slug, { expiredUrl: "https://example.com/over" });
  assert.equal(changed.expiredUrl, "https://example.com/over");
  const slugs = [];
  for await (const page of await dub.domains.list({ search: "node." })) slugs.push(...page.result.map((each) => each.slug));
  assert.deepEqual(slugs, [domain.slug]);
  assert.equal((await dub.domains.checkStatus({ domains: domain.slug }))[0].available, false);
  assert.equal((await dub.domains.delete(domain.slug)).slug, domain.slug);
  done("domains");
}

for (const part of [links, manyLinks, refusals, analytics, tags, folders, domains]) await part();
