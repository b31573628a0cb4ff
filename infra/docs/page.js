// Shows `openapi.json`, which lies beside this page, with Swagger UI.
const { SwaggerUIBundle } = globalThis;

/** Weir's page in place of Swagger's: no second title, no bar for other documents, no choice of servers. */
const weir = ({ React: { createElement: h } }) => ({
  components: {
    WeirLayout({ getComponent, specSelectors }) {
      const part = (name) => h(getComponent(name, true));
      if (specSelectors.loadingStatus() === 'failed') {
        return h(
          'p',
          { className: 'weir-note', role: 'alert' },
          'openapi.json could not be read. Load the page again.',
        );
      }
      if (!specSelectors.specStr()) return h('p', { className: 'weir-note' }, 'Reading openapi.json …');
      return h(
        'div',
        { className: 'swagger-ui' },
        part('SvgAssets'),
        part('errors'),
        h('div', { className: 'wrapper weir-bar' }, h('h2', null, 'Operations'), part('AuthorizeBtnContainer')),
        h('div', { className: 'wrapper' }, part('operations')),
      );
    },
  },
  wrapComponents: {
    // A link inside a button is neither to a screen reader. The address changes all the same when an operation is opened.
    DeepLink:
      () =>
      ({ text }) =>
        h('span', null, text),
    TextArea: (TextArea) => (props) => h(TextArea, { 'aria-label': 'Body', ...props }),
    // A field's name stands beside it, but nothing says that it is its name.
    JsonSchemaForm: (Form) => (props) => {
      const label = (node) => {
        for (const field of node?.querySelectorAll('input, select, textarea') ?? [])
          field.ariaLabel = props.description;
      };
      return props.description ? h('div', { ref: label }, h(Form, props)) : h(Form, props);
    },
    // Two operations that are open have a region each.
    responses: (Responses) => (props) => {
      const name = `Responses of ${props.method.toUpperCase()} ${props.path}`;
      const label = (node) => node?.querySelector('[role=region]')?.setAttribute('aria-label', name);
      return h('div', { ref: label }, h(Responses, props));
    },
    // All errors of an operation have one form: the first of them shows it, the others say what they mean.
    response: (Response) => (props) => {
      const { code, response, getComponent } = props;
      if (code.startsWith('2') || code === '400') return h(Response, props);
      const meaning = h(getComponent('Markdown', true), { source: response.get('description') });
      return h(
        'tr',
        { className: 'response', 'data-code': code },
        h('td', { className: 'response-col_status' }, code),
        h('td', { className: 'response-col_description' }, meaning),
      );
    },
    // Buttons that would say nothing: the one that unfolds a schema without a title, and the one with only a cross.
    JSONSchema202012Accordion: (Accordion) => (props) =>
      h(Accordion, props, props.children, h('span', { className: 'weir-unseen' }, 'members')),
    CloseIcon: (CloseIcon) => (props) =>
      h('span', null, h(CloseIcon, props), h('span', { className: 'weir-unseen' }, 'Close')),
  },
});

SwaggerUIBundle({
  url: new URL('openapi.json', document.baseURI).href,
  domNode: document.getElementById('api'),
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [weir],
  layout: 'WeirLayout',
  deepLinking: true,
  displayRequestDuration: true,
  // A thousand vectors would take seconds to colour, and the colours are hard to read.
  syntaxHighlight: { activated: false },
  // Nobody else is asked whether the document is valid.
  validatorUrl: null,
  // A key lives as long as the page, and is written nowhere.
  persistAuthorization: false,
});
