-- what: one request's id, as Python says it
insert into request_ids values ($request, $id, $canonical, $model);
