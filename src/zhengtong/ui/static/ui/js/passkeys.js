/* Security keys and passkeys. A form with data-passkey="get" or "create" asks the site for a challenge (data-options,
   data-purpose), lets the browser ask the key, puts the answer into [name=credential] and submits itself. Where the
   browser cannot, the button stays hidden and the words beside it say what to use instead. */
(function () {
  "use strict";

  function bytes(text) {
    var plain = text.replace(/-/g, "+").replace(/_/g, "/");
    var raw = window.atob(plain + "===".slice((plain.length + 3) % 4));
    return Uint8Array.from(raw, function (letter) { return letter.charCodeAt(0); });
  }

  function text(buffer) {
    if (!buffer) { return null; }
    var raw = "";
    new Uint8Array(buffer).forEach(function (byte) { raw += String.fromCharCode(byte); });
    return window.btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withIds(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: bytes(one.id) }); });
  }

  function ask(form) {
    var body = new FormData();
    body.append("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    body.append("purpose", form.dataset.purpose);
    return fetch(form.dataset.options, { method: "POST", body: body, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { throw new Error(String(answer.status)); }
      return answer.json();
    });
  }

  function create(options) {
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = withIds(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options });
  }

  function get(options) {
    options.challenge = bytes(options.challenge);
    options.allowCredentials = withIds(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options });
  }

  function plain(found) {
    var told = found.response;
    var response = { clientDataJSON: text(told.clientDataJSON) };
    if (told.attestationObject) {
      response.attestationObject = text(told.attestationObject);
      response.transports = told.getTransports ? told.getTransports() : [];
    } else {
      response.authenticatorData = text(told.authenticatorData);
      response.signature = text(told.signature);
      response.userHandle = text(told.userHandle);
    }
    return JSON.stringify({
      id: found.id, rawId: text(found.rawId), type: found.type, response: response,
      authenticatorAttachment: found.authenticatorAttachment || undefined, clientExtensionResults: {}
    });
  }

  function prepare(form) {
    var button = form.querySelector("[data-passkey-go]");
    var fault = form.querySelector("[data-passkey-fault]");
    if (!button || !window.PublicKeyCredential) { return; }
    button.hidden = false;
    form.querySelector("[data-passkey-none]").hidden = true;
    button.addEventListener("click", function () {
      fault.hidden = true;
      button.disabled = true;
      ask(form)
        .then(form.dataset.passkey === "create" ? create : get)
        .then(function (found) {
          var place = form.querySelector("[name=credential]");
          place.value = plain(found);
          place.disabled = false;
          form.requestSubmit();
        })
        .catch(function () { fault.hidden = false; })
        .finally(function () { button.disabled = false; });
    });
  }

  document.querySelectorAll("form[data-passkey]").forEach(prepare);
})();
