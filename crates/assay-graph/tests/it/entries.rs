//! Entry points, framework by framework: how they are registered, how they are
//! called, and which code they run.

use crate::project::graph;

fn check(text: &str, expected: &[&str]) {
    let graph = graph(text);
    let found: Vec<String> = graph
        .entries()
        .iter()
        .map(|entry| {
            let (kind, label) = (entry.kind.as_str(), &entry.label);
            format!("{kind} {label} -> {}", graph.qualified_name(entry.handler))
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn python_routes() {
    check(
        "//- app.py
from flask import Flask, Blueprint
app = Flask(__name__)
@app.route('/hello', methods=['POST'])
def hello(): pass
@app.get('/items/<id>')
def item(id): pass
def show(): pass
app.add_url_rule('/show', view_func=show)
@property
def get(): pass
//- api.py
from fastapi import APIRouter
router = APIRouter()
@router.put('/users/{id}')
async def change(id: int): pass
//- urls.py
from django.urls import path
from views import Detail, index
urlpatterns = [path('', index), path('d/<int:pk>', Detail.as_view()), path('x/', include('x.urls'))]
//- views.py
class Detail: pass
def index(request): pass
",
        &[
            "route PUT /users/{id} -> change",
            "route POST /hello -> hello",
            "route GET /items/<id> -> item",
            "route ANY /show -> show",
            "route ANY / -> index",
            "route ANY /d/<int:pk> -> Detail",
        ],
    );
}

#[test]
fn python_commands_and_jobs() {
    check(
        "//- cli.py
import click, typer, argparse
@click.command('load')
def load_data(): pass
app = typer.Typer()
@app.command()
def greet(name: str): pass
def build(arguments): pass
parser = argparse.ArgumentParser()
parser.set_defaults(func=build)
if __name__ == '__main__':
    load_data()
//- jobs.py
from celery import shared_task
import dramatiq
@shared_task
def send(): pass
@app.task(name='tidy.up')
def tidy(): pass
@dramatiq.actor
def work(): pass
",
        &[
            "command load -> load_data",
            "command greet -> greet",
            "command build -> build",
            "command __main__ -> cli.py",
            "job send -> send",
            "job tidy.up -> tidy",
            "job work -> work",
        ],
    );
}

#[test]
fn script_routes_and_jobs() {
    check(
        "//- app.js
const users = require('./users');
const { check } = require('./check');
app.get('/users', check, users.list);
app.post('/users', (request, response) => { users.add(request); });
router.route('/users/:id').get(check, users.show).delete(users.remove);
cache.get('key', 1);
//- users.js
exports.list = function () {};
exports.add = function () {};
exports.show = function () {};
exports.remove = function () {};
//- check.js
exports.check = function () {};
//- cats.ts
@Controller('cats')
export class Cats {
    @Get(':id') show(@Param('id') id: string) {}
    @Post() add() {}
    @Cron('* * * * *') tidy() {}
    @MessagePattern('cats.fed') fed() {}
}
",
        &[
            "route GET /users -> list",
            "route POST /users -> POST /users",
            "route DELETE /users/:id -> remove",
            "route GET /users/:id -> show",
            "route GET /cats/:id -> Cats.show",
            "route POST /cats -> Cats.add",
            "job * * * * * -> Cats.tidy",
            "job cats.fed -> Cats.fed",
        ],
    );
}

#[test]
fn java_routes_and_jobs() {
    check(
        "//- A.java
@RestController
@RequestMapping(\"/pets\")
class Pets {
    @GetMapping(\"/{id}\")
    Pet show(long id) { return null; }
    @PostMapping
    void add() {}
    @Scheduled(fixedRate = 10)
    void tidy() {}
    @KafkaListener(topics = \"fed\")
    void fed() {}
    public static void main(String[] arguments) {}
}
@Path(\"/shops\")
class Shops {
    @GET
    @Path(\"/all\")
    String all() { return null; }
}
",
        &[
            "route GET /pets/{id} -> Pets.show",
            "route POST /pets -> Pets.add",
            "job tidy -> Pets.tidy",
            "job fed -> Pets.fed",
            "command main -> Pets.main",
            "route GET /shops -> Shops.all",
            "route ANY /shops/all -> Shops.all",
        ],
    );
}

#[test]
fn go_routes() {
    check(
        "//- main.go
package main
import \"net/http\"
func show(w http.ResponseWriter, r *http.Request) {}
type server struct{}
func (s *server) list(c *Context) {}
func main() {
    s := &server{}
    http.HandleFunc(\"/show\", show)
    mux := http.NewServeMux()
    mux.HandleFunc(\"GET /items/{id}\", show)
    r.GET(\"/list\", s.list)
    e.POST(\"/make\", func(c Context) error { show(nil, nil); return nil })
    c.Get(\"/chi\", show)
}
",
        &[
            "command main -> main",
            "route ANY /show -> show",
            "route GET /items/{id} -> show",
            "route GET /list -> server.list",
            "route POST /make -> main.POST /make",
            "route GET /chi -> show",
        ],
    );
}

#[test]
fn rust_routes() {
    check(
        "//- src/main.rs
#[derive(Parser)]
#[command(name = \"tool\")]
struct Cli {}
async fn list() {}
async fn add() {}
#[get(\"/pets/{id}\")]
async fn pet(id: u32) {}
fn router() -> Router { Router::new().route(\"/pets\", get(list).post(add)) }
fn main() {}
",
        &[
            "route GET /pets/{id} -> pet",
            "route POST /pets -> add",
            "route GET /pets -> list",
            "command main -> main",
        ],
    );
}

#[test]
fn ruby_php_and_c_sharp() {
    check(
        "//- config/routes.rb
Rails.application.routes.draw do
  get '/about', to: 'pages#about'
  resources :users
  post 'login', to: 'admin/sessions#create'
end
//- app/controllers/pages_controller.rb
class PagesController
  def about; end
end
//- app/controllers/users_controller.rb
class UsersController; end
//- app/controllers/admin/sessions_controller.rb
module Admin
  class SessionsController
    def create; end
  end
end
//- app/jobs/mail_job.rb
class MailJob < ApplicationJob
  def perform(id); end
end
//- routes/web.php
<?php
use App\\Users;
Route::get('/users', [Users::class, 'index']);
Route::post('users', function () { return 1; });
//- app/Users.php
<?php
namespace App;
class Users { public function index() {} }
//- app/Send.php
<?php
namespace App;
class Send implements ShouldQueue { public function handle() {} }
//- Api.cs
[ApiController]
[Route(\"api/pets\")]
public class PetsController {
    [HttpGet(\"{id}\")]
    public Pet Show(int id) { return null; }
}
public class Program {
    public static void Main() { app.MapPost(\"/pets\", Add); }
    static void Add() {}
}
",
        &[
            "route GET /api/pets/{id} -> PetsController.Show",
            "command main -> Program.Main",
            "route POST /pets -> Program.Add",
            "job Send -> Send.handle",
            "job MailJob -> MailJob.perform",
            "route GET /about -> PagesController.about",
            "route ANY /users -> UsersController",
            "route POST /login -> Admin.SessionsController.create",
            "route GET /users -> Users.index",
            "route POST /users -> POST /users",
        ],
    );
}
