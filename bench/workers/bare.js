// The least that a redirect can be: no link is looked up, no click recorded.
export default {
    fetch() {
        return new Response(null, { status: 302, headers: { Location: "https://example.com/" } });
    },
};
