//! The protocol of the server functions: arguments and results are JSON in the bodies of a `POST` request and
//! its response.

#[cfg(feature = "ssr")]
pub use server::JsonPost;

#[cfg(not(feature = "ssr"))]
pub use browser::JsonPost;

#[cfg(feature = "ssr")]
mod server {
    use leptos::server_fn::Http;
    use leptos::server_fn::codec::Post;

    use crate::model::wire::JsonEncoding;

    pub type JsonPost = Http<Post<JsonEncoding>, Post<JsonEncoding>>;
}

#[cfg(not(feature = "ssr"))]
mod browser {
    use http::Method;
    use leptos::__reexports::send_wrapper::SendWrapper;
    use leptos::prelude::window;
    use leptos::server_fn::Protocol;
    use leptos::server_fn::client::Client;
    use leptos::server_fn::server::Server;
    use leptos::wasm_bindgen::JsCast;
    use leptos::wasm_bindgen::JsValue;
    use wasm_bindgen_futures::JsFuture;
    use web_sys::Headers;
    use web_sys::RequestInit;
    use web_sys::Response;

    use crate::model::error::AppError;
    use crate::model::wire::Deserialize;
    use crate::model::wire::Serialize;

    /// The protocol in the browser. `Http` of Leptos would bring streams, multipart forms and a client of its own.
    pub struct JsonPost;

    impl<I, O, C, S> Protocol<I, O, C, S, AppError> for JsonPost
    where
        I: Serialize,
        O: Deserialize,
        C: Client<AppError>,
        S: Server<AppError>,
    {
        const METHOD: Method = Method::POST;

        async fn run_server<F, Fut>(_: S::Request, _: F) -> Result<S::Response, AppError>
        where
            F: Fn(I) -> Fut + Send,
            Fut: Future<Output = Result<O, AppError>> + Send,
        {
            // The trait has this on both sides. The browser serves nothing.
            Err(AppError::Internal)
        }

        fn run_client(path: &str, input: I) -> impl Future<Output = Result<O, AppError>> + Send {
            let body = kith_wire::to_string(&input);
            // A browser has one thread.
            SendWrapper::new(async move {
                let body = body.map_err(|_| AppError::Internal)?;
                // The query of the page names the book.
                let query = window().location().search().unwrap_or_default();
                let response = post(&[path, &query].concat(), &body).await;
                let response = response.map_err(|_| AppError::Unreachable)?;
                let is_success = response.ok();
                let json = text(&response).await.ok_or(AppError::Unreachable)?;
                // Another version of the server has answered other JSON, or a proxy none.
                if is_success {
                    kith_wire::from_str(&json).map_err(|_| AppError::Internal)
                } else {
                    Err(kith_wire::from_str(&json).unwrap_or(AppError::Internal))
                }
            })
        }
    }

    async fn post(path: &str, body: &str) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", "application/json")?;
        headers.set("accept", "application/json")?;
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_headers(&headers);
        init.set_body(&JsValue::from_str(body));
        let response = JsFuture::from(window().fetch_with_str_and_init(path, &init)).await?;
        response.dyn_into()
    }

    async fn text(response: &Response) -> Option<String> {
        let text = JsFuture::from(response.text().ok()?).await.ok()?;
        text.as_string()
    }
}
