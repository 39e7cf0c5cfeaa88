"""The test app, in the form that Azure loads."""

import json

import azure.durable_functions as df
import azure.functions as func
import flows  # type: ignore[import-not-found]  # beside this file, where Azure puts it on the path

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for orchestrator in flows.ORCHESTRATORS:
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in flows.ACTIVITIES:
    app.activity_trigger(input_name="input")(activity)

LOG: list[str] = []
"""The inputs that the triggers received."""


# The worker supports only plain types in annotations, and passes the input under the name given by `input_name`.
async def start_child(input: dict, client: df.DurableFunctionsClient) -> str:  # type: ignore[type-arg]  # noqa: A002 - the worker sets both
    """An activity with its own durable client."""
    return await client.schedule_new_orchestration("chain", input=1, instance_id=input["id"])


app.durable_client_input(client_name="client")(
    app.activity_trigger(input_name="input", activity="start_child")(start_child)
)


@app.route(route="ops/{kind}/{id?}", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    instance_id = await client.schedule_new_orchestration(
        req.route_params["kind"], input=req.get_json(), instance_id=req.route_params.get("id")
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="purge/{id}", methods=["DELETE"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
async def purge(req: func.HttpRequest, client: df.DurableFunctionsClient) -> func.HttpResponse:
    result = await client.purge_orchestration(req.route_params["id"])
    return func.HttpResponse(json.dumps({"deleted": result.deleted_instance_count}), mimetype="application/json")


@app.route(route="wait/{id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@app.durable_client_input(client_name="client")
def wait(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    state = client.wait_for_orchestration_completion(req.route_params["id"], timeout=30)
    return func.HttpResponse(str(state.runtime_status.name if state else "unknown"))


@app.route(route="mirror", methods=["POST"])
def mirror(req: func.HttpRequest) -> func.HttpResponse:
    headers = {"x-seen": req.headers.get("x-sent", ""), "content-type": "application/octet-stream"}
    return func.HttpResponse(req.get_body(), status_code=207, headers=headers)


@app.route(route="broken", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError(req.url)


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
def sweep(timer: func.TimerRequest) -> None:
    LOG.append(f"sweep past_due={timer.past_due}")


@app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
@app.durable_client_input(client_name="client")
async def hourly(timer: func.TimerRequest, client: df.DurableFunctionsClient) -> None:
    await client.schedule_new_orchestration("clockwise", input=None)
    LOG.append(f"hourly past_due={timer.past_due}")


@app.event_grid_trigger(arg_name="event")
def on_event(event: func.EventGridEvent) -> None:
    # CloudEvents use a different class with different attribute names (azure-functions 2.3.0).
    kind = event.type if isinstance(event, func.CloudEvent) else event.event_type
    if kind == "refuse":
        raise RuntimeError("refused")
    LOG.append(f"event {kind}")


@app.route(route="whoami", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def whoami(req: func.HttpRequest) -> func.HttpResponse:
    """The identity headers that reach the app."""
    identity = {name: text for name, text in req.headers.items() if name.lower().startswith("x-ms-client-principal")}
    return func.HttpResponse(json.dumps(identity), mimetype="application/json")
